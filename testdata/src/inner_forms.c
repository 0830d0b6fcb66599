// SPDX-License-Identifier: Apache-2.0
/* Every way to write down what the inner maps of an outer map look like. */
#include "bpf.h"

struct named_inner {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, u64);
} named_a SEC(".maps"), named_b SEC(".maps");

typedef struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 5);
	__uint(map_flags, NO_PREALLOC);
	__uint(key_size, 8);
	__uint(value_size, 16);
} typedef_inner;
typedef_inner typedef_a SEC(".maps");

struct {
	__uint(type, MAP_LRU_HASH);
	__uint(max_entries, 7);
	__type(key, u16);
	__type(value, u8[6]);
} anonymous_a SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
	__array(values, struct named_inner);
} by_name SEC(".maps") = {
	.values = { [3] = (void *)&named_b, [0] = (void *)&named_a },
};

struct {
	__uint(type, MAP_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, typedef_inner);
} by_typedef SEC(".maps") = {
	.values = { [2] = (void *)&typedef_a },
};

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(
		values, struct {
			__uint(type, MAP_LRU_HASH);
			__uint(max_entries, 7);
			__type(key, u16);
			__type(value, u8[6]);
		});
} by_anonymous SEC(".maps") = {
	.values = { [1] = (void *)&anonymous_a },
};

/* An inner ring buffer, and no contents at all. */
struct {
	__uint(type, MAP_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u64);
	__array(
		values, struct {
			__uint(type, MAP_RINGBUF);
			__uint(max_entries, 4096);
		});
} of_ringbufs SEC(".maps");

/* Inner arrays of any size: BPF_F_INNER_MAP turns the equal-size rule off. */
struct any_size {
	__uint(type, MAP_ARRAY);
	__uint(map_flags, INNER_MAP);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
};
struct {
	__uint(type, MAP_ARRAY);
	__uint(map_flags, INNER_MAP);
	__uint(max_entries, 9);
	__type(key, u32);
	__type(value, u32);
} nine SEC(".maps");
struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, u32);
	__array(values, struct any_size);
} by_size SEC(".maps") = {
	.values = { [2] = (void *)&nine },
};

SEC("socket")
int sum_named(struct __sk_buff *skb)
{
	u32 outer = skb->mark & 3, slot = 2;
	void *inner = bpf_map_lookup_elem(&by_name, &outer);
	u64 *v;

	if (!inner)
		return -1;
	v = bpf_map_lookup_elem(inner, &slot);
	return v ? (int)++*v : -2;
}

SEC("socket")
int put_typedef(struct __sk_buff *skb)
{
	u32 outer = 2;
	u64 key = skb->len;
	u64 value[2] = { 1, 2 };
	void *inner = bpf_map_lookup_elem(&by_typedef, &outer);

	return inner ? bpf_map_update_elem(inner, &key, value, ANY) : -1;
}

SEC("socket")
int get_anonymous(struct __sk_buff *skb)
{
	u32 outer = 1;
	u16 key = 7;
	u8 mac[6] = { 2, 4, 6, 8, 10, 12 };
	void *inner = bpf_map_lookup_elem(&by_anonymous, &outer);
	u8 *found;

	if (!inner)
		return -1;
	bpf_map_update_elem(inner, &key, mac, ANY);
	found = bpf_map_lookup_elem(inner, &key);
	return found ? found[0] + found[5] : -2;
}

SEC("socket")
int write_inner_ringbuf(struct __sk_buff *skb)
{
	u64 key = 1;
	u32 event = 5;
	void *inner = bpf_map_lookup_elem(&of_ringbufs, &key);

	return inner ? bpf_ringbuf_output(inner, &event, sizeof(event), 0) : 77;
}

SEC("socket")
int last_of_nine(struct __sk_buff *skb)
{
	u32 outer = 2, slot = 8, beyond = 9;
	void *inner = bpf_map_lookup_elem(&by_size, &outer);
	u32 *v;

	if (!inner)
		return -1;
	if (bpf_map_lookup_elem(inner, &beyond))
		return -2;
	v = bpf_map_lookup_elem(inner, &slot);
	return v ? 9 : -3;
}

LICENSE("GPL");
