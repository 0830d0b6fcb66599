// SPDX-License-Identifier: Apache-2.0
/* A packet's head, tail and metadata moved. */
#include "net.h"

SEC("xdp")
int cut_tail(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_tail(ctx, -20) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp")
int grow_tail(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_tail(ctx, 16) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp")
int too_short(struct xdp_md *ctx)
{
	long err = bpf_xdp_adjust_tail(ctx, -(int)(ctx->data_end - ctx->data) + 13);

	return err == -22 ? XDP_PASS : XDP_ABORTED;
}

SEC("xdp")
int add_meta(struct xdp_md *ctx)
{
	u32 *meta;

	if (bpf_xdp_adjust_meta(ctx, -8))
		return XDP_ABORTED;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 2) > packet_start(ctx))
		return XDP_ABORTED;
	meta[0] = 0x1234;
	meta[1] = ctx->rx_queue_index;
	return XDP_PASS;
}

SEC("xdp")
int wrap(struct xdp_md *ctx)
{
	u8 *p;
	int i;

	if (bpf_xdp_adjust_head(ctx, -14))
		return XDP_ABORTED;
	p = packet_start(ctx);
	if ((void *)(p + 14) > packet_end(ctx))
		return XDP_ABORTED;
	for (i = 0; i < 12; i++)
		p[i] = i;
	p[12] = 0x88;
	p[13] = 0xb5;
	return XDP_TX;
}

SEC("xdp")
int by_bytes(struct xdp_md *ctx)
{
	u8 b[6];

	if (bpf_xdp_load_bytes(ctx, 6, b, 6))
		return XDP_ABORTED;
	return bpf_xdp_store_bytes(ctx, 0, b, 6) ? XDP_DROP : XDP_TX;
}

SEC("xdp")
int context(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data + ctx->ingress_ifindex * 1000 + ctx->rx_queue_index * 10000;
}

LICENSE("GPL");
