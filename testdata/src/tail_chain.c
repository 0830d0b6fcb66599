// SPDX-License-Identifier: Apache-2.0
/* A chain of tail calls through a prog array that the object fills itself. */
#include "bpf.h"

int first(struct __sk_buff *skb);
int second(struct __sk_buff *skb);
int last(struct __sk_buff *skb);
int forever(struct __sk_buff *skb);

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(max_entries, 6);
	__type(key, u32);
	__array(values, int(struct __sk_buff *));
} steps SEC(".maps") = {
	.values = { [0] = (void *)&first, [1] = (void *)&second, [3] = (void *)&last, [5] = (void *)&forever },
};

u32 trail;
u32 rounds;

SEC("tc")
int first(struct __sk_buff *skb)
{
	trail = trail * 10 + 1;
	bpf_tail_call(skb, &steps, 1);
	return -1;
}

SEC("tc")
int second(struct __sk_buff *skb)
{
	trail = trail * 10 + 2;
	bpf_tail_call(skb, &steps, 2); /* empty: falls through */
	bpf_tail_call(skb, &steps, 6); /* out of range: falls through */
	skb->cb[0] = trail;
	bpf_tail_call(skb, &steps, 3);
	return -2;
}

SEC("tc")
int last(struct __sk_buff *skb)
{
	return skb->cb[0] * 10 + 3;
}

/* Calls itself until the kernel's limit of 33 ends it. */
SEC("tc")
int forever(struct __sk_buff *skb)
{
	rounds++;
	bpf_tail_call(skb, &steps, 5);
	return rounds;
}

SEC("tc")
int entry(struct __sk_buff *skb)
{
	trail = 0;
	bpf_tail_call(skb, &steps, 0);
	return -3;
}

LICENSE("GPL");
