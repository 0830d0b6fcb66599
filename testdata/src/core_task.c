// SPDX-License-Identifier: Apache-2.0
/*
 * Compile once, run everywhere: our own idea of the kernel's types, found again
 * in the kernel's BTF by name. Offsets, sizes, existence and enum values differ
 * from what is written here, on purpose.
 */
#include "kfunc.h"

struct list_head {
	struct list_head *next, *prev;
} RELOCATABLE;
struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct list_head tasks;
	char comm[16];
	unsigned int flags;
} RELOCATABLE;
struct task_struct___other {
	long no_such_field;
} RELOCATABLE;
struct no_such_struct {
	int x;
} RELOCATABLE;
enum pid_type {
	PIDTYPE_PID = 90,
	PIDTYPE_SID = 91,
};

#define field_exists(x) __builtin_preserve_field_info(x, 2)
#define field_size(x) __builtin_preserve_field_info(x, 1)
#define field_offset(x) __builtin_preserve_field_info(x, 0)
#define type_exists(t) __builtin_preserve_type_info(*(typeof(t) *)0, 0)
#define type_size(t) __builtin_preserve_type_info(*(typeof(t) *)0, 1)
#define enum_value(t, v) __builtin_preserve_enum_value(*(typeof(t) *)v, 1)

SEC("tc")
int facts(struct __sk_buff *skb)
{
	struct task_struct *t = 0;
	struct task_struct___other *o = 0;
	int out = 0;

	out |= field_exists(t->pid) << 0;
	out |= field_exists(o->no_such_field) << 1;
	out |= type_exists(struct task_struct) << 2;
	out |= type_exists(struct no_such_struct) << 3;
	out |= (field_size(t->comm) == 16) << 4;
	out |= (field_offset(t->tgid) - field_offset(t->pid) == 4) << 5;
	out |= (type_size(struct list_head) == 16) << 6;
	out |= enum_value(enum pid_type, PIDTYPE_SID) << 8;
	return out;
}

/* Reads through probe_read_kernel, as tracing programs before BTF pointers did. */
SEC("kprobe/do_nanosleep")
int parent_pid(struct pt_regs *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *parent = 0;
	int pid = 0;

	bpf_probe_read_kernel(&parent, sizeof(parent),
			      __builtin_preserve_access_index(&task->real_parent));
	bpf_probe_read_kernel(&pid, sizeof(pid), __builtin_preserve_access_index(&parent->tgid));
	return pid;
}

/* Direct reads through a BTF pointer. */
SEC("raw_tp/sys_enter")
int walk(struct raw_tp_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->real_parent->tgid + (task->flags & 1);
}

LICENSE("GPL");
