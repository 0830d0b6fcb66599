// SPDX-License-Identifier: Apache-2.0
/* The packet loads of classic BPF: LD_ABS and LD_IND. A socket filter sees the packet from the IP header on. */
#include "net.h"

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long off) asm("llvm.bpf.load.word");

SEC("socket")
int udp_port(struct __sk_buff *skb)
{
	u64 header;

	if (load_byte(skb, 0) >> 4 != 4 || load_byte(skb, 9) != IP_UDP)
		return 0;
	header = (load_byte(skb, 0) & 15) * 4;
	return load_half(skb, header + 2);
}

SEC("socket")
int source_address(struct __sk_buff *skb)
{
	return load_word(skb, 12);
}

/* Beyond the packet's end the program ends with 0. */
SEC("socket")
int beyond(struct __sk_buff *skb)
{
	return load_word(skb, skb->len) | 1;
}

LICENSE("GPL");
