// SPDX-License-Identifier: Apache-2.0
/* Spin locks used wrongly. */
#include "bpf.h"

struct account {
	struct bpf_spin_lock lock;
	u32 pad;
	u64 balance;
};

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct account);
} accounts SEC(".maps");

SEC("tc")
int never_unlocked(struct __sk_buff *skb)
{
	u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);

	if (!a)
		return 0;
	bpf_spin_lock(&a->lock);
	a->balance++;
	return 0;
}

SEC("tc")
int wrong_lock(struct __sk_buff *skb)
{
	u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key), *b;

	key = 1;
	b = bpf_map_lookup_elem(&accounts, &key);
	if (!a || !b)
		return 0;
	bpf_spin_lock(&a->lock);
	bpf_spin_unlock(&b->lock);
	return 0;
}

SEC("tc")
int locked_twice(struct __sk_buff *skb)
{
	u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);

	if (!a)
		return 0;
	bpf_spin_lock(&a->lock);
	bpf_spin_lock(&a->lock);
	bpf_spin_unlock(&a->lock);
	return 0;
}

SEC("tc")
int helper_while_locked(struct __sk_buff *skb)
{
	u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);

	if (!a)
		return 0;
	bpf_spin_lock(&a->lock);
	a->balance = bpf_ktime_get_ns();
	bpf_spin_unlock(&a->lock);
	return 0;
}

SEC("tc")
int unlocked_only(struct __sk_buff *skb)
{
	u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);

	if (a)
		bpf_spin_unlock(&a->lock);
	return 0;
}

SEC("tc")
int lock_word_written(struct __sk_buff *skb)
{
	u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);

	if (a)
		*(volatile u32 *)&a->lock.val = 0;
	return 0;
}

SEC("tc")
int not_a_lock(struct __sk_buff *skb)
{
	u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);

	if (a)
		bpf_spin_lock((void *)&a->balance);
	return 0;
}

LICENSE("GPL");
