// SPDX-License-Identifier: Apache-2.0
/* Chooses by local port whether a connection may be looked up at all. */
#include "net.h"

struct bpf_sk_lookup {
	u64 sk_or_cookie __attribute__((aligned(8)));
	u32 family;
	u32 protocol;
	u32 remote_ip4;
	u32 remote_ip6[4];
	u16 remote_port;
	u16 : 16;
	u32 local_ip4;
	u32 local_ip6[4];
	u32 local_port;
	u32 ingress_ifindex;
};

enum { SK_DROP, SK_PASS };

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	if (ctx->family != 2 /* AF_INET */ || ctx->protocol != IP_TCP)
		return SK_PASS;
	if (ctx->local_port >= 6000 && ctx->local_port < 6010)
		return SK_DROP;
	return ctx->remote_port == htons(1) ? SK_DROP : SK_PASS;
}

LICENSE("GPL");
