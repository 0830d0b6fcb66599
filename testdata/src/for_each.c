// SPDX-License-Identifier: Apache-2.0
/* Walks maps with callbacks. */
#include "bpf.h"

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} ages SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 5);
	__type(key, u32);
	__type(value, u64);
} numbers SEC(".maps");

struct totals {
	u64 sum;
	u32 seen;
	u32 limit;
};

static long add(void *map, u32 *key, u64 *value, struct totals *t)
{
	t->sum += *value + *key;
	t->seen++;
	return t->seen == t->limit;
}

static long drop_odd(void *map, u32 *key, u64 *value, void *ctx)
{
	if (*key & 1)
		bpf_map_delete_elem(map, key);
	return 0;
}

SEC("tc")
int fill(struct __sk_buff *skb)
{
	u32 i;

	for (i = 0; i < 8; i++) {
		u32 key = i;
		u64 v = i * 100;

		bpf_map_update_elem(&ages, &key, &v, ANY);
		bpf_map_update_elem(&numbers, &key, &v, ANY);
	}
	return 0;
}

SEC("tc")
int sum_hash(struct __sk_buff *skb)
{
	struct totals t = { .limit = 100 };
	long n = bpf_for_each_map_elem(&ages, add, &t, 0);

	return t.sum * 100 + n;
}

SEC("tc")
int stop_early(struct __sk_buff *skb)
{
	struct totals t = { .limit = 3 };
	long n = bpf_for_each_map_elem(&numbers, add, &t, 0);

	return t.sum * 100 + n;
}

SEC("tc")
int thin_out(struct __sk_buff *skb)
{
	return bpf_for_each_map_elem(&ages, drop_odd, (void *)0, 0);
}

LICENSE("GPL");
