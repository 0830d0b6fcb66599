// SPDX-License-Identifier: Apache-2.0
/*
 * A layer 4 load balancer. Each virtual service has its own inner map of
 * backends, found through an array of maps by the service's number; both inner
 * maps are named statically, so the object fills its outer map by itself.
 */
#include "net.h"

#define BACKENDS 4

struct service_key {
	u32 vip;
	u16 port;
	u16 proto;
};
struct backend {
	u32 addr;
	u8 mac[6];
	u16 weight;
	u32 spare; /* no hole: what a hole holds differs from run to run */
	u64 packets;
};

struct backends {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, BACKENDS);
	__type(key, u32);
	__type(value, struct backend);
} web SEC(".maps"), dns SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, u32);
	__array(values, struct backends);
} services SEC(".maps") = {
	.values = { [1] = (void *)&web, [3] = (void *)&dns },
};

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 16);
	__type(key, struct service_key);
	__type(value, u32);
} vips SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} outcomes SEC(".maps");

enum { NO_SERVICE, NO_BACKENDS, EMPTY_BACKEND, FORWARDED };

INLINE void outcome(u32 what)
{
	u64 *n = bpf_map_lookup_elem(&outcomes, &what);

	if (n)
		*n += 1;
}

INLINE u32 mix(u32 a, u32 b, u32 c)
{
	a ^= b * 0x9e3779b1u;
	a = (a << 13) | (a >> 19);
	a += c * 0x85ebca6bu;
	a ^= a >> 16;
	a *= 0xc2b2ae35u;
	return a ^ (a >> 13);
}

INLINE u16 fold(u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

SEC("xdp")
int xdp_lb(struct xdp_md *ctx)
{
	void *end = packet_end(ctx);
	struct eth *eth = packet_start(ctx);
	struct ipv4 *ip = (void *)(eth + 1);
	struct ports *ports = (void *)(ip + 1);
	struct service_key key = {};
	struct backend *to;
	u32 *service, which;
	u64 sum;
	void *inner;

	if (!fits(ports, end))
		return XDP_PASS;
	if (eth->proto != htons(ETH_IPV4) || ip->version_ihl != 0x45)
		return XDP_PASS;
	if (ip->proto != IP_TCP && ip->proto != IP_UDP)
		return XDP_PASS;
	key.vip = ip->dst;
	key.port = ports->dst;
	key.proto = ip->proto;
	service = bpf_map_lookup_elem(&vips, &key);
	if (!service) {
		outcome(NO_SERVICE);
		return XDP_PASS;
	}
	inner = bpf_map_lookup_elem(&services, service);
	if (!inner) {
		outcome(NO_BACKENDS);
		return XDP_DROP;
	}
	which = mix(ip->src, ports->src, key.port) % BACKENDS;
	to = bpf_map_lookup_elem(inner, &which);
	if (!to || !to->addr) {
		outcome(EMPTY_BACKEND);
		return XDP_DROP;
	}
	to->packets++;
	sum = (u16)~ip->csum;
	sum += (u16)~(ip->dst & 0xffff) + (u16)~(ip->dst >> 16);
	sum += (to->addr & 0xffff) + (to->addr >> 16);
	ip->csum = fold(sum);
	ip->dst = to->addr;
	__builtin_memcpy(eth->src, eth->dst, 6);
	__builtin_memcpy(eth->dst, to->mac, 6);
	outcome(FORWARDED);
	return XDP_TX;
}

INLINE long add_backend(void *map, u32 slot, u32 addr)
{
	struct backend b = { .addr = htonl(addr), .mac = { 2, 0, 0, 0, 0 }, .weight = 1 };

	b.mac[4] = addr >> 8;
	b.mac[5] = addr;
	return bpf_map_update_elem(map, &slot, &b, ANY);
}

/* 192.0.2.10:80/tcp is the web service; its backends are 10.0.0.1 to 10.0.0.4. */
SEC("syscall")
int setup(void *ctx)
{
	struct service_key key = { .vip = htonl(0xc000020a), .port = htons(80), .proto = IP_TCP };
	u32 service = 1;
	long err = 0;

	err |= add_backend(&web, 0, 0x0a000001);
	err |= add_backend(&web, 1, 0x0a000002);
	err |= add_backend(&web, 2, 0x0a000003);
	err |= add_backend(&web, 3, 0x0a000004);
	err |= bpf_map_update_elem(&vips, &key, &service, ANY);
	key.port = htons(53);
	key.proto = IP_UDP;
	service = 3;
	err |= bpf_map_update_elem(&vips, &key, &service, ANY);
	key.port = htons(443);
	key.proto = IP_TCP;
	service = 2;
	err |= bpf_map_update_elem(&vips, &key, &service, NOEXIST);
	return err;
}

LICENSE("Dual MIT/GPL");
