// SPDX-License-Identifier: Apache-2.0
/* Static and global subprograms; global ones are verified by their BTF types alone. */
#include "bpf.h"

struct pair {
	u64 a;
	u64 b;
};

static NOINLINE u64 square(u64 x)
{
	hide(x);
	return x * x;
}

static NOINLINE void swap(struct pair *p)
{
	u64 t = p->a;

	p->a = p->b;
	p->b = t;
	barrier();
}

NOINLINE int scale(int x, int by)
{
	hide(x);
	return x * by;
}

NOINLINE int sum_pair(struct pair *p)
{
	if (!p)
		return -1;
	return p->a + p->b;
}

NOINLINE u32 length_of(struct __sk_buff *skb)
{
	return skb->len;
}

static NOINLINE u64 depth3(u64 x)
{
	u64 local[4] = { x, x + 1, x + 2, x + 3 };

	barrier();
	return square(local[x & 3]);
}

static NOINLINE u64 depth2(u64 x)
{
	hide(x);
	return depth3(x) + depth3(x + 1);
}

SEC("tc")
int calls(struct __sk_buff *skb)
{
	struct pair p = { 3, 4 };

	swap(&p);
	return square(p.a) * 100 + scale(p.b, 5) + sum_pair(&p);
}

SEC("tc")
int calls_global(struct __sk_buff *skb)
{
	return length_of(skb) + depth2(2);
}

LICENSE("GPL");
