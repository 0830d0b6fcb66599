// SPDX-License-Identifier: Apache-2.0
/* Accepted from a privileged loader only: pointers seen as numbers, unwritten stack read. */
#include "bpf.h"

#define ASM(name, text)                                       \
	SEC("socket") __attribute__((naked)) int name(void)   \
	{                                                     \
		asm volatile(text ::: "memory");              \
	}

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} leak SEC(".maps");

ASM(negates_pointer, "r1 = -r1; r0 = 0; exit;")
ASM(returns_pointer, "r0 = r10; exit;")
ASM(reads_unwritten_stack, "r0 = *(u64 *)(r10 - 8); r0 = 0; exit;")
ASM(compares_pointers, "r0 = 0; if r1 > r10 goto +1; r0 = 1; exit;")

SEC("socket")
int stores_pointer_in_map(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *v = bpf_map_lookup_elem(&leak, &key);

	if (v)
		*(void *volatile *)v = skb;
	return 0;
}

SEC("socket")
int back_edge(struct __sk_buff *skb)
{
	u32 i, n = 0;

	for (i = 0; i < 20; i++) {
		n += i;
		hide(n);
	}
	return n;
}

LICENSE("GPL");
