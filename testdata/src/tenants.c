// SPDX-License-Identifier: Apache-2.0
/* Counters per tenant: a hash of maps by VLAN id, each inner map a hash by address. */
#include "net.h"

struct usage {
	u64 packets;
	u64 bytes;
};
struct per_address {
	__uint(type, MAP_HASH);
	__uint(max_entries, 128);
	__type(key, u32);
	__type(value, struct usage);
} tenant_zero SEC(".maps"), tenant_two SEC(".maps");

struct {
	__uint(type, MAP_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, u32);
	__array(values, struct per_address);
} tenants SEC(".maps") = {
	.values = { [0] = (void *)&tenant_zero, [2] = (void *)&tenant_two },
};

SEC("xdp")
int count_tenant(struct xdp_md *ctx)
{
	void *end = packet_end(ctx);
	struct eth *eth = packet_start(ctx);
	struct vlan *vlan;
	struct ipv4 *ip;
	struct usage *usage, first;
	u32 tenant = 0, addr;
	u16 proto;
	void *counters;

	if (!fits(eth, end))
		return XDP_PASS;
	proto = eth->proto;
	ip = (void *)(eth + 1);
	if (proto == htons(ETH_VLAN)) {
		vlan = (void *)(eth + 1);
		if (!fits(vlan, end))
			return XDP_PASS;
		tenant = ntohs(vlan->tci) & 0xfff;
		proto = vlan->proto;
		ip = (void *)(vlan + 1);
	}
	if (proto != htons(ETH_IPV4) || !fits(ip, end))
		return XDP_PASS;
	counters = bpf_map_lookup_elem(&tenants, &tenant);
	if (!counters)
		return XDP_DROP;
	addr = ip->src;
	usage = bpf_map_lookup_elem(counters, &addr);
	if (usage) {
		usage->packets++;
		usage->bytes += end - (void *)eth;
		return XDP_PASS;
	}
	first.packets = 1;
	first.bytes = end - (void *)eth;
	return bpf_map_update_elem(counters, &addr, &first, NOEXIST) ? XDP_ABORTED : XDP_PASS;
}

LICENSE("GPL");
