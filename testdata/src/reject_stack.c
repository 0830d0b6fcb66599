// SPDX-License-Identifier: Apache-2.0
/* Stack used wrongly. */
#include "bpf.h"

#define ASM(name, text)                                       \
	SEC("socket") __attribute__((naked)) int name(void)   \
	{                                                     \
		asm volatile(text ::: "memory");              \
	}

ASM(below_the_frame, "r1 = 0; *(u64 *)(r10 - 520) = r1; r0 = 0; exit;")
ASM(above_the_frame, "r1 = 0; *(u64 *)(r10 + 8) = r1; r0 = 0; exit;")
ASM(misaligned, "r1 = 0; *(u64 *)(r10 - 12) = r1; r0 = 0; exit;")
ASM(spilled_pointer_overwritten,
    "*(u64 *)(r10 - 8) = r1; r2 = 0; *(u8 *)(r10 - 5) = r2; r1 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r1 + 0); exit;")
ASM(variable_offset, "r2 = *(u32 *)(r1 + 0); r2 += r10; r2 += -8; r3 = 0; *(u8 *)(r2 + 0) = r3; r0 = 0; exit;")
ASM(partial_copy_of_pointer, "*(u64 *)(r10 - 8) = r1; r0 = *(u32 *)(r10 - 8); r0 = 0; exit;")
ASM(buffer_below_the_frame, "r2 = 0; r3 = r10; r3 += -600; r4 = 8; call 26; r0 = 0; exit;")

static NOINLINE u64 deeper(u64 x)
{
	volatile u64 local[40];

	local[x & 31] = x;
	return local[x & 15];
}

static NOINLINE u64 deep(u64 x)
{
	volatile u64 local[40];

	local[x & 31] = x;
	return local[x & 15] + deeper(x);
}

SEC("tc")
int frames_together_too_deep(struct __sk_buff *skb)
{
	return deep(skb->len);
}

LICENSE("GPL");
