// SPDX-License-Identifier: Apache-2.0
/* A syscall program works on the bytes that user space hands over. */
#include "bpf.h"

struct request {
	u64 a, b;
	u64 result;
	u8 name[16];
	u64 checksum;
};

SEC("syscall")
int compute(struct request *r)
{
	u64 sum = 0;
	int i;

	r->result = r->a * r->b + 1;
	for (i = 0; i < 16; i++)
		sum = sum * 31 + r->name[i];
	r->checksum = sum;
	return r->b ? r->a / r->b : -1;
}

SEC("syscall")
int no_context(void *ctx)
{
	return 17;
}

LICENSE("GPL");
