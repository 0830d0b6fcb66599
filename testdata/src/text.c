// SPDX-License-Identifier: Apache-2.0
/* Text: formatting, parsing, comparing, and the trace pipe. */
#include "bpf.h"

char line[64];
long parsed;
unsigned long parsed_hex;
static const char format[] = "%d %s %x|%5d|%-4u|%lld";
static const char name[] = "bpf4j";

SEC("tc")
int format_line(struct __sk_buff *skb)
{
	u64 args[6] = { (u64)-42, (u64)(long)name, 0xbeef, 7, 8, (u64)-1234567890123LL };

	return bpf_snprintf(line, sizeof(line), format, args, sizeof(args));
}

SEC("tc")
int parse(struct __sk_buff *skb)
{
	const char number[] = "  -1234xyz", hex[] = "0x1fF,";
	long used = bpf_strtol(number, sizeof(number) - 1, 0, &parsed);

	return used * 100 + bpf_strtoul(hex, sizeof(hex) - 1, 0, &parsed_hex);
}

SEC("tc")
int compare(struct __sk_buff *skb)
{
	char mine[8] = "bpf4j";

	return bpf_strncmp(mine, sizeof(mine), name);
}

SEC("tc")
int trace(struct __sk_buff *skb)
{
	char fmt[] = "length %d mark %x\n";

	return bpf_trace_printk(fmt, sizeof(fmt), skb->len, skb->mark);
}

LICENSE("GPL");
