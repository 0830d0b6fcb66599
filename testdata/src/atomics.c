// SPDX-License-Identifier: Apache-2.0
/* Every atomic operation of the v3 instruction set, 32 and 64 bits wide. */
#include "bpf.h"

u64 wide = 100;
u32 narrow = 100;
u64 wide_results[8];
u32 narrow_results[8];

SEC("socket")
int wide_ops(struct __sk_buff *skb)
{
	wide = 100;
	__sync_fetch_and_add(&wide, 5);
	wide_results[0] = __sync_fetch_and_add(&wide, 7);
	wide_results[1] = __sync_fetch_and_sub(&wide, 12);
	wide_results[2] = __sync_fetch_and_or(&wide, 0xf00000000ULL);
	wide_results[3] = __sync_fetch_and_and(&wide, ~4ULL);
	wide_results[4] = __sync_fetch_and_xor(&wide, 0xffffffffffffffffULL);
	wide_results[5] = __sync_lock_test_and_set(&wide, 0x1234567890ULL);
	wide_results[6] = __sync_val_compare_and_swap(&wide, 0x1234567890ULL, 77);
	wide_results[7] = __sync_val_compare_and_swap(&wide, 78, 79);
	return wide;
}

SEC("socket")
int narrow_ops(struct __sk_buff *skb)
{
	narrow = 100;
	__sync_fetch_and_add(&narrow, 5);
	narrow_results[0] = __sync_fetch_and_add(&narrow, 7);
	narrow_results[1] = __sync_fetch_and_sub(&narrow, 200);
	narrow_results[2] = __sync_fetch_and_or(&narrow, 0xf0000000);
	narrow_results[3] = __sync_fetch_and_and(&narrow, 0xffff00ff);
	narrow_results[4] = __sync_fetch_and_xor(&narrow, 0xffffffff);
	narrow_results[5] = __sync_lock_test_and_set(&narrow, 0x12345678);
	narrow_results[6] = __sync_val_compare_and_swap(&narrow, 0x12345678, 77);
	narrow_results[7] = __sync_val_compare_and_swap(&narrow, 78, 79);
	return narrow;
}

/* The forms without a result, which clang writes when nobody reads the old value. */
SEC("socket")
int no_result(struct __sk_buff *skb)
{
	wide = 6;
	(void)__sync_fetch_and_or(&wide, 9);
	(void)__sync_fetch_and_and(&wide, 13);
	(void)__sync_fetch_and_xor(&wide, 3);
	(void)__sync_fetch_and_sub(&wide, 1);
	return wide;
}

SEC("socket")
int on_stack(struct __sk_buff *skb)
{
	volatile u64 local = skb->len;

	__sync_fetch_and_add((u64 *)&local, 1);
	return __sync_lock_test_and_set((u64 *)&local, 3) + local;
}

LICENSE("GPL");
