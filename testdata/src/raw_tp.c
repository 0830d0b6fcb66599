// SPDX-License-Identifier: Apache-2.0
/* A raw tracepoint sees the tracepoint's arguments as numbers. */
#include "bpf.h"

u64 calls, last_id, seen_cpu;

SEC("raw_tp/sys_enter")
int on_sys_enter(struct raw_tp_args *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	last_id = ctx->args[1];
	seen_cpu = bpf_get_smp_processor_id();
	return ctx->args[0] + ctx->args[1];
}

SEC("raw_tp/sched_switch")
int on_switch(struct raw_tp_args *ctx)
{
	u64 id = bpf_get_current_pid_tgid();

	return id >> 32 == (u32)id;
}

LICENSE("GPL");
