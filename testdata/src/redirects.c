// SPDX-License-Identifier: Apache-2.0
/* Where packets may be sent: devices, CPUs, other queues. */
#include "net.h"

struct {
	__uint(type, MAP_DEVMAP_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u32);
} by_index SEC(".maps");

struct {
	__uint(type, MAP_CPUMAP);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u32);
} cpus SEC(".maps");

SEC("xdp")
int to_device(struct xdp_md *ctx)
{
	return bpf_redirect(1, 0);
}

SEC("xdp")
int to_device_by_map(struct xdp_md *ctx)
{
	u32 key = 3;

	if (!bpf_map_lookup_elem(&by_index, &key))
		return bpf_redirect_map(&by_index, key, XDP_TX);
	return bpf_redirect_map(&by_index, key, 0);
}

SEC("xdp")
int to_cpu(struct xdp_md *ctx)
{
	return bpf_redirect_map(&cpus, 1, XDP_DROP);
}

SEC("tc")
int to_loopback(struct __sk_buff *skb)
{
	return bpf_redirect(1, 0);
}

LICENSE("GPL");
