// SPDX-License-Identifier: Apache-2.0
/* Sends events to user space by ring buffer, from a tracepoint and from a test run. */
#include "bpf.h"

struct event {
	u32 pid;
	u32 kind;
	char comm[16];
};

struct {
	__uint(type, MAP_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

u64 lost;

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->kind = 1;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	if (e->pid == 1)
		bpf_ringbuf_discard(e, 0);
	else
		bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tc")
int on_packet(struct __sk_buff *skb)
{
	struct event e = { .pid = skb->len, .kind = 2, .comm = "packet" };

	if (bpf_ringbuf_output(&events, &e, sizeof(e), 0))
		return -1;
	return bpf_ringbuf_query(&events, 0);
}

LICENSE("GPL");
