// SPDX-License-Identifier: Apache-2.0
/*
 * Programs for measuring. Each runs on a 1500-byte packet; one that does little does it LOOPS times.
 * `setup` fills the maps first; `empty` is subtracted.
 */
#include "net.h"

#define LOOPS 256
#define KEYS 1024

struct key16 {
	u64 low, high;
};

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, KEYS);
	__type(key, u32);
	__type(value, u64);
} numbers SEC(".maps");

struct {
	__uint(type, MAP_PERCPU_ARRAY);
	__uint(max_entries, KEYS);
	__type(key, u32);
	__type(value, u64);
} percpu_numbers SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 2 * KEYS);
	__type(key, u32);
	__type(value, u64);
} by_u32 SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 2 * KEYS);
	__type(key, struct key16);
	__type(value, u64);
} by_key16 SEC(".maps");

struct {
	__uint(type, MAP_LRU_HASH);
	__uint(max_entries, 2 * KEYS);
	__type(key, u32);
	__type(value, u64);
} recent SEC(".maps");

struct inner {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u64);
} inner0 SEC(".maps"), inner1 SEC(".maps"), inner2 SEC(".maps"), inner3 SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer_array SEC(".maps") = {.values = {&inner0, &inner1, &inner2, &inner3}};

struct {
	__uint(type, MAP_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer_hash SEC(".maps") = {.values = {&inner0, &inner1, &inner2, &inner3}};

SEC("xdp")
int setup(struct xdp_md *ctx)
{
	for (u32 i = 0; i < KEYS; i++) {
		u32 n = i;
		struct key16 key = {i, ~(u64)i};
		u64 value = i;

		bpf_map_update_elem(&numbers, &n, &value, ANY);
		bpf_map_update_elem(&percpu_numbers, &n, &value, ANY);
		bpf_map_update_elem(&by_u32, &n, &value, ANY);
		bpf_map_update_elem(&by_key16, &key, &value, ANY);
		bpf_map_update_elem(&recent, &n, &value, ANY);
	}
	return XDP_PASS;
}

SEC("xdp")
int empty(struct xdp_md *ctx)
{
	return XDP_PASS;
}

#define LOOKUPS(name, map)                                    \
	SEC("xdp")                                            \
	int name(struct xdp_md *ctx)                          \
	{                                                     \
		u64 sum = 0;                                  \
		for (u32 i = 0; i < LOOPS; i++) {             \
			u32 key = (i * 7) & (KEYS - 1);       \
			u64 *v = bpf_map_lookup_elem(&map, &key); \
			if (v)                                \
				sum += *v;                    \
		}                                             \
		return sum;                                   \
	}

LOOKUPS(array_lookup, numbers)
LOOKUPS(percpu_array_lookup, percpu_numbers)
LOOKUPS(hash_lookup, by_u32)
LOOKUPS(lru_lookup, recent)

SEC("xdp")
int hash16_lookup(struct xdp_md *ctx)
{
	u64 sum = 0;

	for (u32 i = 0; i < LOOPS; i++) {
		u64 n = (i * 7) & (KEYS - 1);
		struct key16 key = {n, ~n};
		u64 *v = bpf_map_lookup_elem(&by_key16, &key);

		if (v)
			sum += *v;
	}
	return sum;
}

#define INNER_LOOKUPS(name, map)                                  \
	SEC("xdp")                                                \
	int name(struct xdp_md *ctx)                              \
	{                                                         \
		u64 sum = 0;                                      \
		for (u32 i = 0; i < LOOPS; i++) {                 \
			u32 slot = i & 3, key = i;                \
			void *m = bpf_map_lookup_elem(&map, &slot);   \
			if (!m)                                   \
				continue;                         \
			u64 *v = bpf_map_lookup_elem(m, &key);        \
			if (v)                                    \
				sum += *v + key;                  \
		}                                                 \
		return sum;                                       \
	}

INNER_LOOKUPS(array_of_maps, outer_array)
INNER_LOOKUPS(hash_of_maps, outer_hash)

SEC("xdp")
int hash_update(struct xdp_md *ctx)
{
	for (u32 i = 0; i < LOOPS; i++) {
		u32 n = i;
		u64 value = i;

		bpf_map_update_elem(&by_u32, &n, &value, ANY);
	}
	return 0;
}

SEC("xdp")
int atomic_add(struct xdp_md *ctx)
{
	for (u32 i = 0; i < LOOPS; i++) {
		u32 key = i & 15;
		u64 *v = bpf_map_lookup_elem(&numbers, &key);

		if (v)
			__sync_fetch_and_add(v, 1);
	}
	return 0;
}

INLINE u32 rotl(u32 x, int n)
{
	return x << n | x >> (32 - n);
}

SEC("xdp")
int murmur(struct xdp_md *ctx)
{
	u8 *p = packet_start(ctx), *end = packet_end(ctx);
	u32 h = 0x9747b28c;

	if (p + 1500 > end)
		return 0;
	for (int i = 0; i < 1500; i += 4) {
		u32 k = *(u32 *)(p + i);

		k *= 0xcc9e2d51u;
		k = rotl(k, 15);
		k *= 0x1b873593u;
		h ^= k;
		h = rotl(h, 13);
		h = h * 5 + 0xe6546b64u;
	}
	return h;
}

SEC("xdp")
int checksum(struct xdp_md *ctx)
{
	u8 *p = packet_start(ctx), *end = packet_end(ctx);
	u64 sum = 0;

	if (p + 1500 > end)
		return 0;
	for (int i = 0; i < 1500; i += 2)
		sum += *(u16 *)(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

SEC("xdp")
int crc(struct xdp_md *ctx)
{
	u8 *p = packet_start(ctx), *end = packet_end(ctx);
	u32 c = ~0u;

	if (p + 128 > end)
		return 0;
	for (int i = 0; i < 128; i++) {
		c ^= p[i];
		for (int k = 0; k < 8; k++) {
			u32 low = c & 1;

			hide(low);
			c = c >> 1 ^ 0xedb88320u * low;
		}
	}
	return ~c;
}

SEC("xdp")
int nested_loops(struct xdp_md *ctx)
{
	u64 sum = ctx->data_end - ctx->data;

	for (u32 i = 0; i < 64; i++)
		for (u32 j = 0; j < 32; j++) {
			sum = sum * 31 + (i ^ j);
			hide(sum);
		}
	return sum;
}

/* What a parser does with one packet, 64 times. */
SEC("xdp")
int parse(struct xdp_md *ctx)
{
	u32 sum = 0;

	for (int i = 0; i < 64; i++) {
		u8 *p = packet_start(ctx), *end = packet_end(ctx);

		hide(p);
		if (p + 14 + 20 + 8 > end)
			return 0;
		if (*(u16 *)(p + 12) != htons(0x0800))
			continue;
		u8 *ip = p + 14;
		if ((ip[0] & 15) != 5 || ip[9] != 17)
			continue;
		u8 *udp = ip + 20;
		sum += *(u32 *)(ip + 12) ^ *(u32 *)(ip + 16) ^ ntohs(*(u16 *)udp) ^ ntohs(*(u16 *)(udp + 2));
	}
	return sum;
}

SEC("xdp")
int loads_and_stores(struct xdp_md *ctx)
{
	u8 *p = packet_start(ctx), *end = packet_end(ctx);
	u64 sum = 0;

	if (p + 1024 > end)
		return 0;
	for (int i = 64; i < 1024; i += 8) {
		sum += *(u64 *)(p + i) + *(u32 *)(p + i) + *(u16 *)(p + i + 2) + p[i + 5];
		*(u32 *)(p + i) = sum;
		*(u16 *)(p + i + 4) = sum >> 3;
		p[i + 6] = sum >> 7;
	}
	return sum;
}

NOINLINE u64 mix(u64 a, u64 b)
{
	hide(a);
	return (a ^ b) * 0x9e3779b97f4a7c15ULL + (b >> 7);
}

SEC("xdp")
int calls(struct xdp_md *ctx)
{
	u64 sum = ctx->data_end - ctx->data;

	for (u32 i = 0; i < LOOPS; i++)
		sum = mix(sum, i);
	return sum;
}

SEC("xdp")
int divide(struct xdp_md *ctx)
{
	u64 sum = ctx->data_end - ctx->data + 0x1234567812345678ULL;

	for (u32 i = 1; i <= LOOPS; i++) {
		sum = sum / i + sum % (i + 3) * 0x9e3779b97f4a7c15ULL;
		hide(sum);
	}
	return sum;
}

LICENSE("GPL");
