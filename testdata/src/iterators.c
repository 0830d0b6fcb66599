// SPDX-License-Identifier: Apache-2.0
/* Loops the kernel bounds itself: the open-coded number iterator and may_goto. */
#include "kfunc.h"

u64 cells[64];

SEC("tc")
int count_with_iterator(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, skb->len);
	while ((i = bpf_iter_num_next(&it))) {
		sum += *i;
		cells[*i & 63] += sum;
	}
	bpf_iter_num_destroy(&it);
	return sum;
}

SEC("tc")
int nested_iterators(struct __sk_buff *skb)
{
	struct bpf_iter_num outer, inner;
	int *i, *j, n = 0;

	bpf_iter_num_new(&outer, 1, 5);
	while ((i = bpf_iter_num_next(&outer))) {
		bpf_iter_num_new(&inner, 0, *i);
		while ((j = bpf_iter_num_next(&inner)))
			n += *i * 10 + *j;
		bpf_iter_num_destroy(&inner);
	}
	bpf_iter_num_destroy(&outer);
	return n;
}

SEC("tc")
int until_may_goto_ends(struct __sk_buff *skb)
{
	u32 i, n = skb->len, sum = 0;

	for (i = 0; i < n; i++) {
		sum += i & 0xff;
		may_break;
	}
	return sum;
}

LICENSE("GPL");
