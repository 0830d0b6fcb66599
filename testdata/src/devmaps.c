// SPDX-License-Identifier: Apache-2.0
/*
 * An array of devmaps, as the kernel's page on maps of maps describes it: the
 * outer map's template is a devmap, and a program picks the devmap by VLAN.
 */
#include "net.h"

struct ports_of_bridge {
	__uint(type, MAP_DEVMAP);
	__uint(max_entries, 10);
	__type(key, u32);
	__type(value, u32);
} bridge_one SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(values, struct ports_of_bridge);
} bridges SEC(".maps") = {
	.values = { (void *)&bridge_one },
};

SEC("xdp")
int forward(struct xdp_md *ctx)
{
	void *end = packet_end(ctx);
	struct eth *eth = packet_start(ctx);
	struct vlan *vlan = (void *)(eth + 1);
	u32 bridge = 0;
	void *ports;

	if (!fits(vlan, end))
		return XDP_DROP;
	if (eth->proto == htons(ETH_VLAN))
		bridge = ntohs(vlan->tci) & 0xfff;
	ports = bpf_map_lookup_elem(&bridges, &bridge);
	if (!ports)
		return XDP_DROP;
	return bpf_redirect_map(ports, eth->dst[5], XDP_PASS);
}

LICENSE("GPL");
