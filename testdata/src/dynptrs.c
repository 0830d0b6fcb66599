// SPDX-License-Identifier: Apache-2.0
/* Dynamic pointers over map memory and ring-buffer records. */
#include "bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u8[64]);
} memory SEC(".maps");

struct {
	__uint(type, MAP_RINGBUF);
	__uint(max_entries, 4096);
} out SEC(".maps");

SEC("tc")
int over_map(struct __sk_buff *skb)
{
	u32 key = 0;
	u8 text[8] = "dynptr!", back[8] = {};
	struct bpf_dynptr p;
	u8 *value = bpf_map_lookup_elem(&memory, &key), *slice;
	long err;

	if (!value)
		return -1;
	if (bpf_dynptr_from_mem(value, 64, 0, &p))
		return -2;
	if (bpf_dynptr_write(&p, 4, text, sizeof(text), 0))
		return -3;
	if (bpf_dynptr_read(back, sizeof(back), &p, 5, 0))
		return -4;
	err = bpf_dynptr_write(&p, 60, text, sizeof(text), 0); /* beyond the end: -E2BIG */
	slice = bpf_dynptr_data(&p, 4, 4);
	return slice ? back[0] * 1000 + slice[0] - err : -5;
}

SEC("tc")
int of_any_length(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u32 n = skb->len;
	u64 header = n;

	if (n > 512)
		n = 512;
	if (bpf_ringbuf_reserve_dynptr(&out, n, 0, &p)) {
		bpf_ringbuf_discard_dynptr(&p, 0);
		return -1;
	}
	bpf_dynptr_write(&p, 0, &header, sizeof(header), 0);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return n;
}

LICENSE("GPL");
