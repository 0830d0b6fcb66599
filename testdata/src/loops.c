// SPDX-License-Identifier: Apache-2.0
/* Bounded loops, written as plain C and as bpf_loop. */
#include "bpf.h"

u32 squares[32];

SEC("socket")
int triangle(struct __sk_buff *skb)
{
	u32 i, sum = 0;

	for (i = 0; i < 100; i++) {
		sum += i;
		hide(sum);
	}
	return sum;
}

SEC("socket")
int bounded_by_input(struct __sk_buff *skb)
{
	u32 i, n = skb->len & 31, sum = 0;

	for (i = 0; i < n; i++) {
		squares[i & 31] = i * i;
		sum += squares[i & 31];
	}
	return sum;
}

SEC("socket")
int nested(struct __sk_buff *skb)
{
	u32 i, j, n = 0;

	for (i = 0; i < 8; i++) {
		for (j = 0; j <= i; j++) {
			n += i ^ j;
			hide(n);
		}
	}
	return n;
}

struct state {
	u64 sum;
	u32 stop_at;
};

static long step(u64 i, struct state *s)
{
	if (i == s->stop_at)
		return 1;
	s->sum += i;
	return 0;
}

SEC("socket")
int loop_callback(struct __sk_buff *skb)
{
	struct state s = { 0, 50 };
	long rounds = bpf_loop(1000, step, &s, 0);

	return s.sum * 1000 + rounds;
}

static long inner_step(u64 i, u64 *sum)
{
	*sum += i;
	return 0;
}

static long outer_step(u64 i, u64 *sum)
{
	bpf_loop(i, inner_step, sum, 0);
	return 0;
}

SEC("socket")
int nested_callbacks(struct __sk_buff *skb)
{
	u64 sum = 0;

	bpf_loop(10, outer_step, &sum, 0);
	return sum;
}

LICENSE("GPL");
