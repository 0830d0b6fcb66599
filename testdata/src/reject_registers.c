// SPDX-License-Identifier: Apache-2.0
/* Registers and control flow that no verifier may let through. */
#include "bpf.h"

#define ASM(name, text)                                       \
	SEC("socket") __attribute__((naked)) int name(void)   \
	{                                                     \
		asm volatile(text ::: "memory");              \
	}

ASM(uninitialised, "r0 = r2; exit;")
ASM(no_return_value, "exit;")
ASM(clobbered_by_call, "r1 = 0; r2 = 5; call 5; r0 = r2; exit;")
ASM(returns_pointer_after_arithmetic, "r0 = r10; r0 *= 2; exit;")
ASM(reads_frame_pointer_write, "r10 = 1; r0 = 0; exit;")
ASM(pointer_as_int, "r1 = 1; r0 = *(u64 *)(r1 + 0); exit;")
ASM(adds_pointers, "r1 += r10; r0 = 0; exit;")
ASM(endless, "r0 = 0; l%=: goto l%=; exit;")
ASM(endless_counting, "r0 = 0; l%=: r0 += 1; r0 &= 3; if r0 != 9 goto l%=; exit;")
ASM(falls_off, "r0 = 0;")
ASM(unreachable, "r0 = 0; exit; r0 = 1; exit;")
ASM(jumps_out, "r0 = 0; goto +100; exit;")
ASM(unknown_helper, "r0 = 0; call 5555; exit;")
ASM(division_by_zero_constant, "r0 = 1; r0 /= 0; exit;")
ASM(shift_too_far, "r0 = 1; r0 <<= 64; exit;")

LICENSE("GPL");
