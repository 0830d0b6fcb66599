// SPDX-License-Identifier: Apache-2.0
/* A timer in a map value, armed by a packet. */
#include "bpf.h"

struct entry {
	struct bpf_timer timer;
	u64 fired;
};

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct entry);
} entries SEC(".maps");

static int on_timer(void *map, u32 *key, struct entry *e)
{
	e->fired += 1 + *key;
	if (e->fired < 3)
		bpf_timer_start(&e->timer, 1000, 0);
	return 0;
}

SEC("tc")
int arm(struct __sk_buff *skb)
{
	u32 key = 1;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);
	long err;

	if (!e)
		return -1;
	err = bpf_timer_init(&e->timer, &entries, 1 /* CLOCK_MONOTONIC */);
	if (err)
		return err;
	bpf_timer_set_callback(&e->timer, on_timer);
	return bpf_timer_start(&e->timer, 1000000, 0);
}

SEC("tc")
int disarm(struct __sk_buff *skb)
{
	u32 key = 1;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);

	return e ? bpf_timer_cancel(&e->timer) : -1;
}

LICENSE("GPL");
