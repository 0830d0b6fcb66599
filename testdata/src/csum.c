// SPDX-License-Identifier: Apache-2.0
/* Checksums by helper: an ICMP echo answered in place. */
#include "net.h"

struct icmp {
	u8 type;
	u8 code;
	u16 csum;
	u16 id;
	u16 seq;
};

INLINE u16 fold(s64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

SEC("xdp")
int echo(struct xdp_md *ctx)
{
	void *end = packet_end(ctx);
	struct eth *eth = packet_start(ctx);
	struct ipv4 *ip = (void *)(eth + 1);
	struct icmp *icmp = (void *)(ip + 1);
	u8 mac[6];
	u32 addr, old, new;

	if (!fits(icmp, end) || eth->proto != htons(ETH_IPV4) || ip->version_ihl != 0x45)
		return XDP_PASS;
	if (ip->proto != IP_ICMP || icmp->type != 8)
		return XDP_PASS;
	old = icmp->type | icmp->code << 8;
	icmp->type = 0;
	new = icmp->type | icmp->code << 8;
	icmp->csum = fold(bpf_csum_diff(&old, 4, &new, 4, (u16)~icmp->csum));
	addr = ip->src;
	ip->src = ip->dst;
	ip->dst = addr;
	ip->ttl = 64;
	ip->csum = 0;
	ip->csum = fold(bpf_csum_diff(0, 0, (void *)ip, sizeof(*ip), 0));
	__builtin_memcpy(mac, eth->src, 6);
	__builtin_memcpy(eth->src, eth->dst, 6);
	__builtin_memcpy(eth->dst, mac, 6);
	return XDP_TX;
}

SEC("tc")
int sums(struct __sk_buff *skb)
{
	u32 a[4] = { 0x01020304, 0xfffffff0, 0x80000001, 7 };
	u32 b[2] = { 0xdeadbeef, 0x0badf00d };

	return bpf_csum_diff(a, 16, b, 8, 5) ^ bpf_csum_diff(b, 8, 0, 0, 0) ^ bpf_csum_diff(a, 4, a, 4, 0xffff);
}

LICENSE("GPL");
