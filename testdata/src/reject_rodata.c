// SPDX-License-Identifier: Apache-2.0
/* Global data used wrongly. */
#include "bpf.h"

const volatile u32 constant = 5;
u32 cells[4] = { 1, 2, 3, 4 };

struct {
	__uint(type, MAP_ARRAY);
	__uint(map_flags, RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} for_reading SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__uint(map_flags, WRONLY_PROG);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} for_writing SEC(".maps");

SEC("socket")
int writes_constant(struct __sk_buff *skb)
{
	*(volatile u32 *)&constant = 6;
	return 0;
}

SEC("socket")
int beyond_global(struct __sk_buff *skb)
{
	u32 i = skb->mark;

	hide(i);
	return cells[i & 7];
}

SEC("socket")
int writes_read_only(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *v = bpf_map_lookup_elem(&for_reading, &key);

	if (v)
		*v = 1;
	return 0;
}

SEC("socket")
int reads_write_only(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *v = bpf_map_lookup_elem(&for_writing, &key);

	return v ? *v : 0;
}

SEC("socket")
int updates_read_only(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 v = 1;

	return bpf_map_update_elem(&for_reading, &key, &v, ANY);
}

LICENSE("GPL");
