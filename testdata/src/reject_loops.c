// SPDX-License-Identifier: Apache-2.0
/* Loops without an end that the verifier can see. */
#include "bpf.h"

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} ages SEC(".maps");

/* Ends after eight rounds, but the counter lives on the stack, where the verifier forgets it. */
SEC("tc")
int counter_on_the_stack(struct __sk_buff *skb)
{
	u32 i;

	for (i = 0; i < 8; i++) {
		u64 v = i * 100;

		bpf_map_update_elem(&ages, &i, &v, ANY);
	}
	return 0;
}

SEC("tc")
int until_a_map_says_so(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *v;

	do {
		v = bpf_map_lookup_elem(&ages, &key);
	} while (v && *v);
	return 0;
}

LICENSE("GPL");
