// SPDX-License-Identifier: Apache-2.0
/* Counts a cgroup's bytes in both directions and stops telnet. */
#include "net.h"

struct {
	__uint(type, MAP_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} bytes SEC(".maps");

INLINE void count(struct __sk_buff *skb, u32 way)
{
	u64 *n = bpf_map_lookup_elem(&bytes, &way);

	if (n)
		*n += skb->len;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	count(skb, 0);
	return 1;
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	struct ipv4 ip;
	struct ports ports;

	count(skb, 1);
	if (skb->protocol != htons(ETH_IPV4) || bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 1;
	if (ip.proto != IP_TCP || bpf_skb_load_bytes(skb, (ip.version_ihl & 15) * 4, &ports, sizeof(ports)))
		return 1;
	return ports.dst != htons(23);
}

LICENSE("GPL");
