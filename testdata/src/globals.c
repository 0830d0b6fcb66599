// SPDX-License-Identifier: Apache-2.0
/* Global variables in every kind of data section. */
#include "bpf.h"

u32 zeroed;
u64 start = 40;
const volatile u32 step = 2;
static u32 hidden = 7;
const char greeting[] = "hello, bpf4j";
u16 table[8] = { 1, 1, 2, 3, 5, 8, 13, 21 };
u32 own SEC(".data.own") = 11;
u32 own_zero SEC(".bss.own");
const u32 fixed SEC(".rodata.fixed") = 13;

struct point {
	s32 x, y;
} corner = { -3, 4 }, *nowhere;

SEC("socket")
int add(struct __sk_buff *skb)
{
	start += step;
	zeroed++;
	hidden += zeroed;
	return start;
}

SEC("socket")
int pick(struct __sk_buff *skb)
{
	u32 i = skb->len & 7;

	own_zero += own++;
	corner.x = -corner.x;
	return table[i] + greeting[1] + fixed + own_zero + hidden + corner.x * corner.y;
}

LICENSE("GPL");
