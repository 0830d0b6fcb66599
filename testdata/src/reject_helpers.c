// SPDX-License-Identifier: Apache-2.0
/* Helpers called with what they do not take, or where they may not be called. */
#include "bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} numbers SEC(".maps");

struct {
	__uint(type, MAP_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, MAP_QUEUE);
	__uint(max_entries, 4);
	__type(value, u32);
} fifo SEC(".maps");

SEC("socket")
int not_for_socket_filters(struct __sk_buff *skb)
{
	u8 b = 0;

	return bpf_skb_store_bytes(skb, 0, &b, 1, 0);
}

SEC("xdp")
int skb_helper_in_xdp(struct xdp_md *ctx)
{
	return bpf_get_hash_recalc(ctx);
}

SEC("socket")
int key_is_a_number(struct __sk_buff *skb)
{
	return bpf_map_lookup_elem(&numbers, (void *)8) ? 1 : 0;
}

SEC("socket")
int key_is_missing(struct __sk_buff *skb)
{
	return bpf_map_lookup_elem(&numbers, (void *)0) ? 1 : 0;
}

SEC("socket")
int map_is_the_context(struct __sk_buff *skb)
{
	u32 key = 0;

	return bpf_map_lookup_elem(skb, &key) ? 1 : 0;
}

SEC("socket")
int lookup_in_ringbuf(struct __sk_buff *skb)
{
	u32 key = 0;

	return bpf_map_lookup_elem(&events, &key) ? 1 : 0;
}

SEC("socket")
int ringbuf_call_on_array(struct __sk_buff *skb)
{
	u64 v = 1;

	return bpf_ringbuf_output(&numbers, &v, 8, 0);
}

SEC("socket")
int delete_from_queue(struct __sk_buff *skb)
{
	u32 key = 0;

	return bpf_map_delete_elem(&fifo, &key);
}

SEC("tc")
int size_unbounded(struct __sk_buff *skb)
{
	u8 buf[16];

	return bpf_skb_load_bytes(skb, 0, buf, skb->len);
}

SEC("tc")
int size_too_big(struct __sk_buff *skb)
{
	u8 buf[16];

	return bpf_skb_load_bytes(skb, 0, buf, 32);
}

SEC("tc")
int size_may_be_negative(struct __sk_buff *skb)
{
	u8 buf[16];
	s32 n = skb->len;

	hide(n);
	if (n > 16)
		return 0;
	return bpf_skb_load_bytes(skb, 0, buf, n);
}

SEC("tc")
int size_zero(struct __sk_buff *skb)
{
	u8 buf[16];
	u32 n = skb->len;

	hide(n);
	if (n > 16)
		return 0;
	return bpf_skb_load_bytes(skb, 0, buf, n);
}

SEC("socket")
int tail_call_into_array(struct __sk_buff *skb)
{
	return bpf_tail_call(skb, &numbers, 0);
}

SEC("tc")
int reserve_of_unknown_size(struct __sk_buff *skb)
{
	void *e = bpf_ringbuf_reserve(&events, skb->len, 0);

	if (e)
		bpf_ringbuf_discard(e, 0);
	return 0;
}

LICENSE("GPL");
