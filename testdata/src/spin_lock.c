// SPDX-License-Identifier: Apache-2.0
/* Two numbers that change together, under a lock in the map value. */
#include "bpf.h"

struct account {
	struct bpf_spin_lock lock;
	u32 transfers;
	s64 balance;
};

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct account);
} accounts SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, struct account);
} by_owner SEC(".maps");

SEC("tc")
int pay(struct __sk_buff *skb)
{
	u32 key = skb->mark & 1;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);
	s64 balance;

	if (!a)
		return -1;
	bpf_spin_lock(&a->lock);
	a->balance += skb->len;
	a->transfers++;
	balance = a->balance;
	bpf_spin_unlock(&a->lock);
	return balance;
}

/* BPF_F_LOCK copies the value under its lock. */
SEC("tc")
int replace(struct __sk_buff *skb)
{
	u32 key = 5;
	struct account first = { .balance = 1 }, *a;

	if (bpf_map_update_elem(&by_owner, &key, &first, NOEXIST))
		return -1;
	first.balance = skb->len;
	first.transfers = 9;
	if (bpf_map_update_elem(&by_owner, &key, &first, EXIST | LOCK))
		return -2;
	a = bpf_map_lookup_elem(&by_owner, &key);
	return a ? a->balance + a->transfers : -3;
}

LICENSE("GPL");
