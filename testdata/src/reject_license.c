// SPDX-License-Identifier: Apache-2.0
/* Helpers for GPL programs only, called under another licence. */
#include "bpf.h"

SEC("tc")
int prints(struct __sk_buff *skb)
{
	char fmt[] = "hello\n";

	return bpf_trace_printk(fmt, sizeof(fmt));
}

SEC("kprobe/do_nanosleep")
int reads_kernel(struct pt_regs *ctx)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, 8, (void *)ctx->di);
	return v;
}

LICENSE("Proprietary");
