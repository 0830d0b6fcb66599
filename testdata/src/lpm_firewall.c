// SPDX-License-Identifier: Apache-2.0
/* Longest-prefix firewall over IPv4 source addresses. */
#include "net.h"

struct prefix {
	u32 len;
	u32 addr;
};

struct {
	__uint(type, MAP_LPM_TRIE);
	__uint(map_flags, NO_PREALLOC);
	__uint(max_entries, 64);
	__type(key, struct prefix);
	__type(value, u32);
} rules SEC(".maps");

SEC("xdp")
int firewall(struct xdp_md *ctx)
{
	void *end = packet_end(ctx);
	struct eth *eth = packet_start(ctx);
	struct ipv4 *ip = (void *)(eth + 1);
	struct prefix key = { .len = 32 };
	u32 *action;

	if (!fits(ip, end) || eth->proto != htons(ETH_IPV4))
		return XDP_PASS;
	key.addr = ip->src;
	action = bpf_map_lookup_elem(&rules, &key);
	return action ? *action : XDP_PASS;
}

/* 10.0.0.0/8 drop, 10.1.0.0/16 pass, 10.1.2.3/32 send back. (A syscall program may not use a trie.) */
SEC("tc")
int setup(struct __sk_buff *skb)
{
	struct prefix key = { 8, htonl(0x0a000000) };
	u32 action = XDP_DROP;
	long err;

	err = bpf_map_update_elem(&rules, &key, &action, ANY);
	key.len = 16;
	key.addr = htonl(0x0a010000);
	action = XDP_PASS;
	err |= bpf_map_update_elem(&rules, &key, &action, ANY);
	key.len = 32;
	key.addr = htonl(0x0a010203);
	action = XDP_TX;
	err |= bpf_map_update_elem(&rules, &key, &action, ANY);
	return err;
}

LICENSE("GPL");
