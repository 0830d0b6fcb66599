// SPDX-License-Identifier: Apache-2.0
/* Kernel functions and words that only programs for recent kernels use. */
#ifndef BPF4J_KFUNC_H
#define BPF4J_KFUNC_H

#include "bpf.h"

#define KSYM __attribute__((section(".ksyms")))
#define KCONFIG __attribute__((section(".kconfig")))
#define WEAK __attribute__((weak))
#define RELOCATABLE __attribute__((preserve_access_index))

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) WEAK KSYM;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) WEAK KSYM;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) WEAK KSYM;

/* Leaves the loop when the kernel's budget of iterations is used up. */
#define may_break                                                \
	({                                                       \
		__label__ out, on;                               \
		asm volatile goto("may_goto %l[out]" :::: out);  \
		goto on;                                         \
	out:                                                     \
		break;                                           \
	on:;                                                     \
	})

#endif
