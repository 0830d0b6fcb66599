// SPDX-License-Identifier: Apache-2.0
/* References that are not given back, or given back twice. */
#include "bpf.h"

struct {
	__uint(type, MAP_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct tuple {
	u32 src, dst;
	u16 sport, dport;
};

SEC("tc")
int record_leaks(struct __sk_buff *skb)
{
	u64 *e = bpf_ringbuf_reserve(&events, 8, 0);

	if (!e)
		return 0;
	*e = 1;
	return 0;
}

SEC("tc")
int record_leaks_on_one_path(struct __sk_buff *skb)
{
	u64 *e = bpf_ringbuf_reserve(&events, 8, 0);

	if (!e)
		return 0;
	if (skb->len > 100)
		return 1;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tc")
int submitted_twice(struct __sk_buff *skb)
{
	u64 *e = bpf_ringbuf_reserve(&events, 8, 0);

	if (!e)
		return 0;
	bpf_ringbuf_submit(e, 0);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tc")
int written_after_submit(struct __sk_buff *skb)
{
	volatile u64 *e = bpf_ringbuf_reserve(&events, 8, 0);

	if (!e)
		return 0;
	bpf_ringbuf_submit((void *)e, 0);
	*e = 1;
	return 0;
}

SEC("tc")
int beyond_the_record(struct __sk_buff *skb)
{
	volatile u64 *e = bpf_ringbuf_reserve(&events, 8, 0);

	if (!e)
		return 0;
	e[1] = 1;
	bpf_ringbuf_discard((void *)e, 0);
	return 0;
}

SEC("tc")
int submitted_unchecked(struct __sk_buff *skb)
{
	bpf_ringbuf_submit(bpf_ringbuf_reserve(&events, 8, 0), 0);
	return 0;
}

SEC("tc")
int socket_leaks(struct __sk_buff *skb)
{
	struct tuple t = { 1, 2, 3, 4 };

	return bpf_sk_lookup_tcp(skb, &t, sizeof(t), 0, 0) ? 1 : 0;
}

SEC("tc")
int released_without_check(struct __sk_buff *skb)
{
	struct tuple t = { 1, 2, 3, 4 };

	return bpf_sk_release(bpf_sk_lookup_tcp(skb, &t, sizeof(t), 0, 0));
}

LICENSE("GPL");
