// SPDX-License-Identifier: Apache-2.0
/* Packet headers, from the RFCs, and the bounds check every parser needs. */
#ifndef BPF4J_NET_H
#define BPF4J_NET_H

#include "bpf.h"

#define ETH_IPV4 0x0800
#define ETH_IPV6 0x86dd
#define ETH_VLAN 0x8100
#define ETH_ARP 0x0806
enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58 };

struct eth {
	u8 dst[6];
	u8 src[6];
	u16 proto;
};
struct vlan {
	u16 tci;
	u16 proto;
};
struct ipv4 {
	u8 version_ihl;
	u8 tos;
	u16 total_len;
	u16 id;
	u16 frag;
	u8 ttl;
	u8 proto;
	u16 csum;
	u32 src;
	u32 dst;
};
struct ipv6 {
	u32 version_class_flow;
	u16 payload_len;
	u8 next;
	u8 hops;
	u8 src[16];
	u8 dst[16];
};
struct ports {
	u16 src;
	u16 dst;
};
struct tcp {
	u16 src;
	u16 dst;
	u32 seq;
	u32 ack;
	u8 offset;
	u8 flags;
	u16 window;
	u16 csum;
	u16 urgent;
};
struct udp {
	u16 src;
	u16 dst;
	u16 len;
	u16 csum;
};

#define packet_start(ctx) ((void *)(long)(ctx)->data)
#define packet_end(ctx) ((void *)(long)(ctx)->data_end)
#define fits(ptr, end) ((void *)((ptr) + 1) <= (end))

#endif
