// SPDX-License-Identifier: Apache-2.0
/* Work for arithmetic: hashes and a checksum over the packet or over generated data. */
#include "net.h"

INLINE u32 rotl(u32 x, int n)
{
	return x << n | x >> (32 - n);
}

/* MurmurHash3's 32-bit mixing over a generated sequence. */
SEC("xdp")
int murmur(struct xdp_md *ctx)
{
	u32 h = 0x9747b28c, i;

	for (i = 0; i < 256; i++) {
		u32 k = i * 0x01010101u + 7;

		k *= 0xcc9e2d51u;
		k = rotl(k, 15);
		k *= 0x1b873593u;
		h ^= k;
		h = rotl(h, 13);
		h = h * 5 + 0xe6546b64u;
	}
	h ^= 1024;
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	h ^= h >> 13;
	h *= 0xc2b2ae35u;
	return h ^ h >> 16;
}

/* FNV-1a, 64 bits, over the packet. */
SEC("xdp")
int fnv(struct xdp_md *ctx)
{
	u8 *p = packet_start(ctx), *end = packet_end(ctx);
	u64 h = 0xcbf29ce484222325ULL;
	int i;

	for (i = 0; i < 128; i++) {
		if (p + 1 > end)
			break;
		h ^= *p++;
		h *= 0x100000001b3ULL;
	}
	return h ^ h >> 32;
}

/* CRC-32 bit by bit over 16 bytes of the packet. */
SEC("xdp")
int crc32(struct xdp_md *ctx)
{
	u8 *p = packet_start(ctx);
	u32 crc = ~0u, i, bit;

	if ((void *)(p + 16) > packet_end(ctx))
		return 0;
	for (i = 0; i < 16; i++) {
		crc ^= p[i];
		for (bit = 0; bit < 8; bit++) {
			u32 low = crc & 1;

			hide(low); /* no branch on it */
			crc = crc >> 1 ^ 0xedb88320u * low;
		}
	}
	return ~crc;
}

/* xorshift and a 64-bit division, 10,000 times. */
static long round_of(u64 i, u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x / ((i & 7) + 1) + x % (i + 3);
	return 0;
}

SEC("xdp")
int shuffle(struct xdp_md *ctx)
{
	u64 state = 88172645463325252ULL;

	bpf_loop(10000, round_of, &state, 0);
	return state ^ state >> 32;
}

LICENSE("GPL");
