// SPDX-License-Identifier: Apache-2.0
/* A token bucket for each source address in an LRU hash, and per-CPU drop counters. */
#include "net.h"

#define RATE 10ULL /* packets a second */
#define BURST 5
#define SECOND 1000000000ULL

struct bucket {
	u64 refilled;
	u64 tokens;
};

struct {
	__uint(type, MAP_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

struct {
	__uint(type, MAP_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} drops SEC(".maps");

struct {
	__uint(type, MAP_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} verdicts SEC(".maps");

INLINE int verdict(u32 pass)
{
	u64 *n = bpf_map_lookup_elem(&verdicts, &pass);

	if (n)
		++*n;
	return pass ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int limit(struct xdp_md *ctx)
{
	void *end = packet_end(ctx);
	struct eth *eth = packet_start(ctx);
	struct ipv4 *ip = (void *)(eth + 1);
	struct bucket fresh, *b;
	u64 now, one = 1, *n;
	u32 src;

	if (!fits(ip, end) || eth->proto != htons(ETH_IPV4))
		return XDP_PASS;
	src = ip->src;
	now = bpf_ktime_get_ns();
	b = bpf_map_lookup_elem(&buckets, &src);
	if (!b) {
		fresh.refilled = now;
		fresh.tokens = BURST - 1;
		bpf_map_update_elem(&buckets, &src, &fresh, ANY);
		return verdict(1);
	}
	if (now - b->refilled > SECOND / RATE) {
		u64 more = (now - b->refilled) / (SECOND / RATE);

		b->tokens = b->tokens + more > BURST ? BURST : b->tokens + more;
		b->refilled = now;
	}
	if (b->tokens) {
		b->tokens--;
		return verdict(1);
	}
	n = bpf_map_lookup_elem(&drops, &src);
	if (n)
		++*n;
	else
		bpf_map_update_elem(&drops, &src, &one, NOEXIST);
	return verdict(0);
}

LICENSE("GPL");
