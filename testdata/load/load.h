/* SPDX-License-Identifier: Apache-2.0 */
/* What the sources of this folder share: the attributes of libbpf's bpf_helpers.h that they need. */
#define SEC(n) __attribute__((section(n),used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { ___bpf_concat(__unique_value, __COUNTER__) = val } name
#define ___bpf_concat(a, b) ___bpf_apply(a,b)
#define ___bpf_apply(a,b) a##b
#define __hidden __attribute__((visibility("hidden")))
#define __weak __attribute__((weak))
#define __noinline __attribute__((noinline))
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
typedef unsigned int u32; typedef unsigned long long u64; typedef unsigned short u16; typedef unsigned char u8;
static void *(*lookup)(void *, const void *) = (void *)1;
static long (*tail)(void *, void *, u32) = (void *)12;
struct ctx;
char _license[] SEC("license") = "GPL";
