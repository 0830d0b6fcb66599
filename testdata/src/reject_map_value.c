// SPDX-License-Identifier: Apache-2.0
/* Wrong use of map values, each of which the verifier must refuse. */
#include "bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} numbers SEC(".maps");

SEC("socket")
int no_null_check(struct __sk_buff *skb)
{
	u32 key = skb->len;
	u64 *v = bpf_map_lookup_elem(&numbers, &key);

	return *v;
}

SEC("socket")
int beyond_the_end(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *v = bpf_map_lookup_elem(&numbers, &key);

	return v ? v[1] : 0;
}

SEC("socket")
int unbounded_index(struct __sk_buff *skb)
{
	u32 key = 0, i = skb->mark;
	u8 *v = bpf_map_lookup_elem(&numbers, &key);

	if (!v)
		return 0;
	return v[i];
}

SEC("socket")
int negative_index(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *v = bpf_map_lookup_elem(&numbers, &key);

	return v ? v[-1] : 0;
}

SEC("socket")
int off_by_one(struct __sk_buff *skb)
{
	u32 key = 0, i = skb->mark;
	u8 *v = bpf_map_lookup_elem(&numbers, &key);

	if (!v || i > 8)
		return 0;
	return v[i];
}

LICENSE("GPL");
