// SPDX-License-Identifier: Apache-2.0
/* VLAN tags put on and taken off, by hand in XDP and by helper in tc. */
#include "net.h"

SEC("xdp")
int push(struct xdp_md *ctx)
{
	struct eth *old, *eth;
	struct vlan *vlan;
	u16 proto;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct vlan)))
		return XDP_ABORTED;
	eth = packet_start(ctx);
	vlan = (void *)(eth + 1);
	old = packet_start(ctx) + sizeof(*vlan);
	if (!fits(old, packet_end(ctx)) || !fits(vlan, packet_end(ctx)))
		return XDP_ABORTED;
	proto = old->proto;
	__builtin_memmove(eth, old, 12);
	eth->proto = htons(ETH_VLAN);
	vlan->tci = htons(100);
	vlan->proto = proto;
	return XDP_TX;
}

SEC("xdp")
int pop(struct xdp_md *ctx)
{
	struct eth *eth = packet_start(ctx);
	struct vlan *vlan = (void *)(eth + 1);
	u8 macs[12];
	u16 proto;

	if (!fits(vlan, packet_end(ctx)) || eth->proto != htons(ETH_VLAN))
		return XDP_PASS;
	proto = vlan->proto;
	__builtin_memcpy(macs, eth, 12);
	if (bpf_xdp_adjust_head(ctx, sizeof(*vlan)))
		return XDP_ABORTED;
	eth = packet_start(ctx);
	if (!fits(eth, packet_end(ctx)))
		return XDP_ABORTED;
	__builtin_memcpy(eth, macs, 12);
	eth->proto = proto;
	return XDP_TX;
}

SEC("tc")
int push_tc(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, htons(ETH_VLAN), 7) ? TC_SHOT : skb->vlan_tci;
}

SEC("tc")
int push_pop_tc(struct __sk_buff *skb)
{
	if (bpf_skb_vlan_push(skb, htons(ETH_VLAN), 7) || bpf_skb_vlan_push(skb, htons(ETH_VLAN), 9))
		return TC_SHOT;
	return bpf_skb_vlan_pop(skb);
}

LICENSE("GPL");
