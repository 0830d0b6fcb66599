// SPDX-License-Identifier: Apache-2.0
/* A flow dissector for IPv4 and ports. */
#include "net.h"

struct bpf_flow_keys {
	u16 nhoff;
	u16 thoff;
	u16 addr_proto;
	u8 is_frag;
	u8 is_first_frag;
	u8 is_encap;
	u8 ip_proto;
	u16 n_proto;
	u16 sport;
	u16 dport;
	union {
		struct {
			u32 ipv4_src;
			u32 ipv4_dst;
		};
		u32 ipv6[8];
	};
	u32 flags;
	u32 flow_label;
};

enum { FLOW_OK = 0, FLOW_DROP = 2 };

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = (void *)(long)skb->flow_keys;
	void *end = packet_end(skb);
	u32 at = keys->nhoff;
	struct ports *ports;
	struct ipv4 *ip;

	if (at > 1024)
		return FLOW_DROP;
	ip = packet_start(skb) + at;
	hide(ip);
	if (keys->n_proto != htons(ETH_IPV4) || !fits(ip, end))
		return FLOW_DROP;
	keys->addr_proto = ETH_IPV4;
	keys->ipv4_src = ip->src;
	keys->ipv4_dst = ip->dst;
	keys->ip_proto = ip->proto;
	keys->is_frag = (ip->frag & htons(0x3fff)) != 0;
	at += (ip->version_ihl & 15) * 4;
	keys->thoff = at;
	ports = packet_start(skb) + at;
	hide(ports);
	if (!fits(ports, end))
		return FLOW_OK;
	keys->sport = ports->src;
	keys->dport = ports->dst;
	return FLOW_OK;
}

LICENSE("GPL");
