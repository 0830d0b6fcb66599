// SPDX-License-Identifier: Apache-2.0
/* Packet access without the proof that the bytes are there, and bad context access. */
#include "net.h"

SEC("xdp")
int no_bounds_check(struct xdp_md *ctx)
{
	struct eth *eth = packet_start(ctx);

	return eth->proto == htons(ETH_IPV4) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int checked_too_little(struct xdp_md *ctx)
{
	struct eth *eth = packet_start(ctx);
	struct ipv4 *ip = (void *)(eth + 1);

	if (!fits(eth, packet_end(ctx)))
		return XDP_PASS;
	return ip->proto == IP_TCP ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int stale_after_adjust(struct xdp_md *ctx)
{
	struct eth *eth = packet_start(ctx);

	if (!fits(eth, packet_end(ctx)))
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, -4))
		return XDP_ABORTED;
	return eth->dst[0];
}

SEC("xdp")
int write_ctx(struct xdp_md *ctx)
{
	ctx->ingress_ifindex = 1;
	return XDP_PASS;
}

SEC("socket")
int write_packet_from_socket_filter(struct __sk_buff *skb)
{
	skb->protocol = 1;
	return 0;
}

SEC("tc")
int half_a_field(struct __sk_buff *skb)
{
	return *(volatile u64 *)&skb->protocol;
}

LICENSE("GPL");
