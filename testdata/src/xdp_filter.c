// SPDX-License-Identifier: Apache-2.0
/* Drops UDP to ports in a hash map, counts what it sees by protocol. */
#include "net.h"

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 64);
	__type(key, u16);
	__type(value, u32);
} blocked_ports SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u64);
} seen SEC(".maps");

INLINE void count(u32 proto)
{
	u64 *n = bpf_map_lookup_elem(&seen, &proto);

	if (n)
		__sync_fetch_and_add(n, 1);
}

SEC("xdp")
int xdp_filter(struct xdp_md *ctx)
{
	void *end = packet_end(ctx);
	struct eth *eth = packet_start(ctx);
	struct ipv4 *ip;
	struct udp *udp;
	u32 *hits;
	u16 port;

	if (!fits(eth, end))
		return XDP_ABORTED;
	if (eth->proto != htons(ETH_IPV4))
		return XDP_PASS;
	ip = (void *)(eth + 1);
	if (!fits(ip, end))
		return XDP_ABORTED;
	count(ip->proto);
	if (ip->proto != IP_UDP)
		return XDP_PASS;
	udp = (void *)ip + (ip->version_ihl & 15) * 4;
	if (!fits(udp, end))
		return XDP_ABORTED;
	port = ntohs(udp->dst);
	hits = bpf_map_lookup_elem(&blocked_ports, &port);
	if (!hits)
		return XDP_PASS;
	__sync_fetch_and_add(hits, 1);
	return XDP_DROP;
}

/* Fills the map, so that a test run needs no user space. */
SEC("syscall")
int block_dns(void *ctx)
{
	u16 port = 53;
	u32 zero = 0;

	return bpf_map_update_elem(&blocked_ports, &port, &zero, ANY);
}

LICENSE("GPL");
