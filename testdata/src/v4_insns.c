// SPDX-License-Identifier: Apache-2.0
/* cpu: v4 */
/* What version 4 of the instruction set added. */
#include "bpf.h"

s64 wide[8] = { -9223372036854775807LL - 1, -7, 7, -1, 100, -100, 0, 0 };
s32 narrow[8] = { -2147483647 - 1, -7, 7, -1, 100, -100, 0, 0 };
s16 halves[4] = { -1, -300, 300, 32767 };
s8 bytes[4] = { -1, -128, 127, 5 };
u64 out[32];

SEC("socket")
int signed_division(struct __sk_buff *skb)
{
	out[0] = wide[1] / wide[4];
	out[1] = wide[5] / wide[2];
	out[2] = wide[5] % wide[2];
	out[3] = narrow[5] / narrow[2];
	out[4] = narrow[5] % narrow[2];
	out[5] = wide[0] / wide[3]; /* overflows to itself */
	out[6] = wide[4] / -7;
	out[7] = wide[5] / wide[6]; /* by zero: 0 */
	out[8] = wide[5] % wide[6]; /* by zero: unchanged */
	out[9] = narrow[0] / narrow[3];
	return out[1] + out[2];
}

SEC("socket")
int sign_extension(struct __sk_buff *skb)
{
	s64 a = (s8)skb->len, b = (s16)skb->mark, c = (s32)skb->priority;
	s32 d = (s8)skb->mark, e = (s16)skb->len;

	out[10] = a;
	out[11] = b;
	out[12] = c;
	out[13] = d;
	out[14] = e;
	out[15] = bytes[skb->len & 3];
	out[16] = halves[skb->len & 3];
	out[17] = narrow[skb->len & 7];
	return out[16] + out[15];
}

SEC("socket")
int byte_swaps(struct __sk_buff *skb)
{
	u64 x = wide[5];

	hide(x);
	out[20] = __builtin_bswap64(x);
	out[21] = __builtin_bswap32(x);
	out[22] = __builtin_bswap16(x);
	return out[22];
}

SEC("socket")
int far_jump(struct __sk_buff *skb)
{
	u64 r = skb->len;

	asm volatile("if %[r] > 40 goto +2\n\t"
		     "%[r] = 1\n\t"
		     "gotol +1\n\t"
		     "%[r] = 2\n\t"
		     : [r] "+r"(r));
	return r;
}

LICENSE("GPL");
