// SPDX-License-Identifier: Apache-2.0
/* First in first out, last in first out. */
#include "bpf.h"

struct {
	__uint(type, MAP_QUEUE);
	__uint(max_entries, 4);
	__type(value, u32);
} fifo SEC(".maps");

struct {
	__uint(type, MAP_STACK);
	__uint(max_entries, 4);
	__type(value, u64);
} lifo SEC(".maps");

SEC("socket")
int push(struct __sk_buff *skb)
{
	u32 a = skb->len;
	u64 b = skb->len;

	if (bpf_map_push_elem(&fifo, &a, ANY))
		return -1;
	return bpf_map_push_elem(&lifo, &b, ANY);
}

SEC("socket")
int pop(struct __sk_buff *skb)
{
	u32 a = 0;
	u64 b = 0;
	long err = bpf_map_pop_elem(&fifo, &a);

	if (err)
		return err;
	bpf_map_pop_elem(&lifo, &b);
	return a * 1000 + b;
}

SEC("socket")
int peek(struct __sk_buff *skb)
{
	u32 a = 0;
	u64 b = 0;

	bpf_map_peek_elem(&fifo, &a);
	bpf_map_peek_elem(&lifo, &b);
	return a * 1000 + b;
}

/* BPF_EXIST on a full queue drops the oldest. */
SEC("socket")
int push_over(struct __sk_buff *skb)
{
	u32 a = skb->len;

	return bpf_map_push_elem(&fifo, &a, EXIST);
}

LICENSE("GPL");
