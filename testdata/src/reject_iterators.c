// SPDX-License-Identifier: Apache-2.0
/* Iterators, dynptrs and timers whose life does not fit. */
#include "kfunc.h"

struct {
	__uint(type, MAP_RINGBUF);
	__uint(max_entries, 4096);
} out SEC(".maps");

SEC("tc")
int iterator_leaks(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	return sum;
}

SEC("tc")
int iterator_not_started(struct __sk_buff *skb)
{
	struct bpf_iter_num it = {};

	return bpf_iter_num_next(&it) ? 1 : 0;
}

SEC("tc")
int iterator_destroyed_twice(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("tc")
int element_unchecked(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int v;

	bpf_iter_num_new(&it, 0, 10);
	v = *bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return v;
}

SEC("tc")
int dynptr_leaks(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&out, 16, 0, &p);
	return 0;
}

SEC("tc")
int dynptr_slice_after_submit(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	volatile u8 *slice;

	bpf_ringbuf_reserve_dynptr(&out, 16, 0, &p);
	slice = bpf_dynptr_data(&p, 0, 8);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return slice ? *slice : 0;
}

SEC("tc")
int dynptr_slice_too_short(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	volatile u8 *slice;
	int v = 0;

	bpf_ringbuf_reserve_dynptr(&out, 16, 0, &p);
	slice = bpf_dynptr_data(&p, 0, 8);
	if (slice)
		v = slice[8];
	bpf_ringbuf_discard_dynptr(&p, 0);
	return v;
}

LICENSE("GPL");
