// SPDX-License-Identifier: Apache-2.0
/* Global subprograms are verified alone: what the caller knows does not help them. */
#include "bpf.h"

struct pair {
	u64 a, b;
};

NOINLINE int reads_unchecked(struct pair *p)
{
	return p->a;
}

NOINLINE int reads_beyond(u32 *p)
{
	if (!p)
		return 0;
	return p[1];
}

NOINLINE u32 uses_number(u32 *array, u32 i)
{
	if (!array)
		return 0;
	hide(i);
	return *(u32 *)((void *)array + i);
}

NOINLINE int wants_pair(struct pair *p)
{
	return p ? p->a : 0;
}

SEC("tc")
int null_unchecked(struct __sk_buff *skb)
{
	struct pair p = { 1, 2 };

	return reads_unchecked(&p);
}

SEC("tc")
int beyond_argument(struct __sk_buff *skb)
{
	u32 v[2] = { 1, 2 };

	return reads_beyond(v);
}

SEC("tc")
int index_unknown(struct __sk_buff *skb)
{
	u32 v = 1;

	return uses_number(&v, 0);
}

SEC("tc")
int memory_too_small(struct __sk_buff *skb)
{
	u64 half = 1;

	return wants_pair((void *)&half);
}

LICENSE("GPL");
