// SPDX-License-Identifier: Apache-2.0
/* A program may look an outer map up; nothing else. */
#include "bpf.h"

struct inner {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} one SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { (void *)&one },
};

SEC("socket")
int update_outer(struct __sk_buff *skb)
{
	u32 key = 0, fd = 3;

	return bpf_map_update_elem(&outer, &key, &fd, ANY);
}

SEC("socket")
int delete_outer(struct __sk_buff *skb)
{
	u32 key = 0;

	return bpf_map_delete_elem(&outer, &key);
}

SEC("socket")
int inner_without_null_check(struct __sk_buff *skb)
{
	u32 key = 0;
	void *inner = bpf_map_lookup_elem(&outer, &key);
	u32 *v = bpf_map_lookup_elem(inner, &key);

	return v ? *v : 0;
}

SEC("socket")
int read_inner_as_value(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *inner = bpf_map_lookup_elem(&outer, &key);

	if (!inner)
		return 0;
	inner[8] = 1;
	return 0;
}

LICENSE("GPL");
