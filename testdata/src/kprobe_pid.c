// SPDX-License-Identifier: Apache-2.0
/* A kprobe that counts one process's calls, and perf output of what it saw. */
#include "bpf.h"

const volatile u32 target_pid = 42;

struct call {
	u64 time;
	u64 arg;
	u32 pid;
	u32 cpu;
};

struct {
	__uint(type, MAP_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} calls SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u64);
} started SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} latency SEC(".maps");

SEC("kprobe/do_nanosleep")
int on_enter(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	u64 now = bpf_ktime_get_ns();
	struct call c = {};

	if (id >> 32 != target_pid)
		return 0;
	bpf_map_update_elem(&started, &id, &now, ANY);
	c.time = now;
	c.arg = ctx->di;
	c.pid = id >> 32;
	c.cpu = bpf_get_smp_processor_id();
	bpf_perf_event_output(ctx, &calls, CURRENT_CPU, &c, sizeof(c));
	return 0;
}

SEC("kretprobe/do_nanosleep")
int on_return(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	u64 *begin = bpf_map_lookup_elem(&started, &id);
	u64 took, one = 1, *n;
	u32 bucket = 0;

	if (!begin)
		return 0;
	took = bpf_ktime_get_ns() - *begin;
	bpf_map_delete_elem(&started, &id);
	while (took > 1 && bucket < 63) {
		took >>= 1;
		bucket++;
	}
	n = bpf_map_lookup_elem(&latency, &bucket);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&latency, &bucket, &one, NOEXIST);
	return 0;
}

LICENSE("GPL");
