// SPDX-License-Identifier: Apache-2.0
/* Values of the kernel's configuration, and a weak one that does not exist. */
#include "kfunc.h"

enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};

extern int LINUX_KERNEL_VERSION KCONFIG;
extern _Bool CONFIG_BPF_SYSCALL KCONFIG;
extern enum libbpf_tristate CONFIG_BPF KCONFIG;
extern int CONFIG_NO_SUCH_OPTION KCONFIG WEAK;

SEC("socket")
int config(struct __sk_buff *skb)
{
	int v = 0;

	if (LINUX_KERNEL_VERSION >= 0x060000)
		v |= 1;
	if (CONFIG_BPF_SYSCALL)
		v |= 2;
	if (CONFIG_BPF == TRI_YES)
		v |= 4;
	return v | CONFIG_NO_SUCH_OPTION << 4;
}

LICENSE("GPL");
