// SPDX-License-Identifier: Apache-2.0
/* Return values outside what the program type allows. */
#include "bpf.h"

SEC("cgroup_skb/ingress")
int skb_returns_nine(struct __sk_buff *skb)
{
	return 9;
}

SEC("cgroup_skb/egress")
int skb_returns_length(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("sk_lookup")
int lookup_returns_two(void *ctx)
{
	return 2;
}

static long returns_two(u64 i, void *ctx)
{
	return 2;
}

SEC("tc")
int callback_returns_two(struct __sk_buff *skb)
{
	return bpf_loop(10, returns_two, (void *)0, 0);
}

LICENSE("GPL");
