// SPDX-License-Identifier: Apache-2.0
/* A bloom filter in front of a hash. */
#include "bpf.h"

struct {
	__uint(type, MAP_BLOOM_FILTER);
	__uint(max_entries, 100);
	__uint(map_extra, 3);
	__type(value, u32);
} maybe SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 100);
	__type(key, u32);
	__type(value, u32);
} surely SEC(".maps");

SEC("socket")
int remember(struct __sk_buff *skb)
{
	u32 value = skb->len, one = 1;

	bpf_map_update_elem(&surely, &value, &one, ANY);
	return bpf_map_push_elem(&maybe, &value, ANY);
}

SEC("socket")
int known(struct __sk_buff *skb)
{
	u32 value = skb->len;

	if (bpf_map_peek_elem(&maybe, &value))
		return 0;
	return bpf_map_lookup_elem(&surely, &value) ? 1 : 2;
}

LICENSE("GPL");
