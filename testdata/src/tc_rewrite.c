// SPDX-License-Identifier: Apache-2.0
/* Network address translation with the skb helpers, marks and priorities. */
#include "net.h"

#define IP_OFF sizeof(struct eth)
#define UDP_OFF (IP_OFF + sizeof(struct ipv4))
#define PSEUDO_HEADER 0x10

SEC("tc")
int nat(struct __sk_buff *skb)
{
	void *end = packet_end(skb);
	struct eth *eth = packet_start(skb);
	struct ipv4 *ip = (void *)(eth + 1);
	u32 old, new = htonl(0xc6336401);
	u8 proto;

	if (!fits(ip, end)) {
		if (bpf_skb_pull_data(skb, sizeof(*eth) + sizeof(*ip)))
			return TC_SHOT;
		end = packet_end(skb);
		eth = packet_start(skb);
		ip = (void *)(eth + 1);
		if (!fits(ip, end))
			return TC_SHOT;
	}
	if (eth->proto != htons(ETH_IPV4))
		return TC_OK;
	proto = ip->proto;
	old = ip->src;
	if (proto == IP_UDP)
		bpf_l4_csum_replace(skb, UDP_OFF + offset_of(struct udp, csum), old, new, PSEUDO_HEADER | 4);
	bpf_l3_csum_replace(skb, IP_OFF + offset_of(struct ipv4, csum), old, new, 4);
	bpf_skb_store_bytes(skb, IP_OFF + offset_of(struct ipv4, src), &new, sizeof(new), 0);
	skb->mark = 0x1234;
	skb->priority = 6;
	skb->cb[2] = proto;
	return TC_OK;
}

/* Direct packet writes. */
SEC("tc")
int mirror_mac(struct __sk_buff *skb)
{
	struct eth *eth = packet_start(skb);
	u8 tmp[6];

	if (!fits(eth, packet_end(skb)))
		return TC_SHOT;
	__builtin_memcpy(tmp, eth->dst, 6);
	__builtin_memcpy(eth->dst, eth->src, 6);
	__builtin_memcpy(eth->src, tmp, 6);
	return TC_PIPE;
}

SEC("tc")
int fields(struct __sk_buff *skb)
{
	skb->tc_index = skb->len;
	skb->queue_mapping = 3;
	skb->cb[4] = skb->ifindex + skb->ingress_ifindex + skb->vlan_present + skb->mark;
	return skb->cb[4] + skb->priority * 10 + skb->pkt_type * 100 + skb->protocol;
}

LICENSE("GPL");
