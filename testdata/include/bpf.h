// SPDX-License-Identifier: Apache-2.0
/*
 * What our own programs need, written for bpf4j: types, map definition words,
 * contexts as the kernel's user ABI lays them out, and helpers by number.
 */
#ifndef BPF4J_BPF_H
#define BPF4J_BPF_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define LICENSE(text) char _license[] SEC("license") = text

/* The words of a BTF map definition. */
#define __uint(name, number) int(*name)[number]
#define __type(name, type_) typeof(type_) *name
#define __array(name, type_) typeof(type_) *name[]

#define barrier() asm volatile("" ::: "memory")
#define hide(var) asm volatile("" : "+r"(var))
#define htons(x) ((u16)__builtin_bswap16(x))
#define ntohs(x) htons(x)
#define htonl(x) ((u32)__builtin_bswap32(x))
#define ntohl(x) htonl(x)
#define offset_of(type_, member) __builtin_offsetof(type_, member)

enum map_type {
	MAP_HASH = 1,
	MAP_ARRAY = 2,
	MAP_PROG_ARRAY = 3,
	MAP_PERF_EVENT_ARRAY = 4,
	MAP_PERCPU_HASH = 5,
	MAP_PERCPU_ARRAY = 6,
	MAP_STACK_TRACE = 7,
	MAP_LRU_HASH = 9,
	MAP_LRU_PERCPU_HASH = 10,
	MAP_LPM_TRIE = 11,
	MAP_ARRAY_OF_MAPS = 12,
	MAP_HASH_OF_MAPS = 13,
	MAP_DEVMAP = 14,
	MAP_CPUMAP = 16,
	MAP_QUEUE = 22,
	MAP_STACK = 23,
	MAP_DEVMAP_HASH = 25,
	MAP_RINGBUF = 27,
	MAP_BLOOM_FILTER = 30,
};

enum { ANY = 0, NOEXIST = 1, EXIST = 2, LOCK = 4 };
enum { NO_PREALLOC = 1, RDONLY_PROG = 1 << 7, WRONLY_PROG = 1 << 8, INNER_MAP = 1 << 12 };
enum { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };
enum { TC_OK = 0, TC_SHOT = 2, TC_PIPE = 3, TC_REDIRECT = 7 };
#define CURRENT_CPU 0xffffffffULL

struct xdp_md {
	u32 data;
	u32 data_end;
	u32 data_meta;
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

struct __sk_buff {
	u32 len;
	u32 pkt_type;
	u32 mark;
	u32 queue_mapping;
	u32 protocol;
	u32 vlan_present;
	u32 vlan_tci;
	u32 vlan_proto;
	u32 priority;
	u32 ingress_ifindex;
	u32 ifindex;
	u32 tc_index;
	u32 cb[5];
	u32 hash;
	u32 tc_classid;
	u32 data;
	u32 data_end;
	u32 napi_id;
	u32 family;
	u32 remote_ip4;
	u32 local_ip4;
	u32 remote_ip6[4];
	u32 local_ip6[4];
	u32 remote_port;
	u32 local_port;
	u32 data_meta;
	u64 flow_keys __attribute__((aligned(8))); /* a pointer, 64 bits even for 32-bit users */
	u64 tstamp;
	u32 wire_len;
	u32 gso_segs;
	u64 sk __attribute__((aligned(8)));
	u32 gso_size;
	u8 tstamp_type;
	u32 : 24;
	u64 hwtstamp;
};

/* x86-64 registers as a kprobe sees them. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct raw_tp_args {
	u64 args[0];
};

struct bpf_spin_lock {
	u32 val;
};
struct bpf_timer {
	u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_dynptr {
	u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_num {
	u64 opaque[1];
} __attribute__((aligned(8)));

#define HELPER(id, ret, name, ...) static ret (*const name)(__VA_ARGS__) = (void *)(id)

HELPER(1, void *, bpf_map_lookup_elem, void *map, const void *key);
HELPER(2, long, bpf_map_update_elem, void *map, const void *key, const void *value, u64 flags);
HELPER(3, long, bpf_map_delete_elem, void *map, const void *key);
HELPER(4, long, bpf_probe_read, void *dst, u32 size, const void *src);
HELPER(5, u64, bpf_ktime_get_ns, void);
HELPER(6, long, bpf_trace_printk, const char *fmt, u32 fmt_size, ...);
HELPER(7, u32, bpf_get_prandom_u32, void);
HELPER(8, u32, bpf_get_smp_processor_id, void);
HELPER(9, long, bpf_skb_store_bytes, void *skb, u32 off, const void *from, u32 len, u64 flags);
HELPER(10, long, bpf_l3_csum_replace, void *skb, u32 off, u64 from, u64 to, u64 size);
HELPER(11, long, bpf_l4_csum_replace, void *skb, u32 off, u64 from, u64 to, u64 flags);
HELPER(12, long, bpf_tail_call, void *ctx, void *prog_array, u32 index);
HELPER(13, long, bpf_clone_redirect, void *skb, u32 ifindex, u64 flags);
HELPER(14, u64, bpf_get_current_pid_tgid, void);
HELPER(15, u64, bpf_get_current_uid_gid, void);
HELPER(16, long, bpf_get_current_comm, void *buf, u32 size);
HELPER(18, long, bpf_skb_vlan_push, void *skb, u16 proto, u16 tci);
HELPER(19, long, bpf_skb_vlan_pop, void *skb);
HELPER(23, long, bpf_redirect, u32 ifindex, u64 flags);
HELPER(25, long, bpf_perf_event_output, void *ctx, void *map, u64 flags, void *data, u64 size);
HELPER(26, long, bpf_skb_load_bytes, const void *skb, u32 off, void *to, u32 len);
HELPER(27, long, bpf_get_stackid, void *ctx, void *map, u64 flags);
HELPER(28, s64, bpf_csum_diff, void *from, u32 from_size, void *to, u32 to_size, u32 seed);
HELPER(34, u32, bpf_get_hash_recalc, void *skb);
HELPER(35, u64, bpf_get_current_task, void);
HELPER(39, long, bpf_skb_pull_data, void *skb, u32 len);
HELPER(44, long, bpf_xdp_adjust_head, void *xdp, int delta);
HELPER(51, long, bpf_redirect_map, void *map, u64 key, u64 flags);
HELPER(54, long, bpf_xdp_adjust_meta, void *xdp, int delta);
HELPER(65, long, bpf_xdp_adjust_tail, void *xdp, int delta);
HELPER(84, void *, bpf_sk_lookup_tcp, void *ctx, void *tuple, u32 tuple_size, u64 netns, u64 flags);
HELPER(86, long, bpf_sk_release, void *sock);
HELPER(87, long, bpf_map_push_elem, void *map, const void *value, u64 flags);
HELPER(88, long, bpf_map_pop_elem, void *map, void *value);
HELPER(89, long, bpf_map_peek_elem, void *map, void *value);
HELPER(93, long, bpf_spin_lock, struct bpf_spin_lock *lock);
HELPER(94, long, bpf_spin_unlock, struct bpf_spin_lock *lock);
HELPER(105, long, bpf_strtol, const char *buf, u64 len, u64 flags, long *res);
HELPER(106, long, bpf_strtoul, const char *buf, u64 len, u64 flags, unsigned long *res);
HELPER(112, long, bpf_probe_read_user, void *dst, u32 size, const void *src);
HELPER(113, long, bpf_probe_read_kernel, void *dst, u32 size, const void *src);
HELPER(114, long, bpf_probe_read_user_str, void *dst, u32 size, const void *src);
HELPER(115, long, bpf_probe_read_kernel_str, void *dst, u32 size, const void *src);
HELPER(125, u64, bpf_ktime_get_boot_ns, void);
HELPER(130, long, bpf_ringbuf_output, void *map, void *data, u64 size, u64 flags);
HELPER(131, void *, bpf_ringbuf_reserve, void *map, u64 size, u64 flags);
HELPER(132, void, bpf_ringbuf_submit, void *data, u64 flags);
HELPER(133, void, bpf_ringbuf_discard, void *data, u64 flags);
HELPER(134, u64, bpf_ringbuf_query, void *map, u64 flags);
HELPER(158, void *, bpf_get_current_task_btf, void);
HELPER(164, long, bpf_for_each_map_elem, void *map, void *callback, void *ctx, u64 flags);
HELPER(165, long, bpf_snprintf, char *str, u32 size, const char *fmt, u64 *data, u32 data_len);
HELPER(169, long, bpf_timer_init, struct bpf_timer *timer, void *map, u64 flags);
HELPER(170, long, bpf_timer_set_callback, struct bpf_timer *timer, void *callback);
HELPER(171, long, bpf_timer_start, struct bpf_timer *timer, u64 nanos, u64 flags);
HELPER(172, long, bpf_timer_cancel, struct bpf_timer *timer);
HELPER(181, long, bpf_loop, u32 count, void *callback, void *ctx, u64 flags);
HELPER(182, long, bpf_strncmp, const char *s1, u32 size, const char *s2);
HELPER(189, long, bpf_xdp_load_bytes, struct xdp_md *xdp, u32 off, void *buf, u32 len);
HELPER(190, long, bpf_xdp_store_bytes, struct xdp_md *xdp, u32 off, void *buf, u32 len);
HELPER(195, void *, bpf_map_lookup_percpu_elem, void *map, const void *key, u32 cpu);
HELPER(197, long, bpf_dynptr_from_mem, void *data, u32 size, u64 flags, struct bpf_dynptr *ptr);
HELPER(198, long, bpf_ringbuf_reserve_dynptr, void *map, u32 size, u64 flags, struct bpf_dynptr *ptr);
HELPER(199, void, bpf_ringbuf_submit_dynptr, struct bpf_dynptr *ptr, u64 flags);
HELPER(200, void, bpf_ringbuf_discard_dynptr, struct bpf_dynptr *ptr, u64 flags);
HELPER(201, long, bpf_dynptr_read, void *dst, u32 len, struct bpf_dynptr *src, u32 off, u64 flags);
HELPER(202, long, bpf_dynptr_write, struct bpf_dynptr *dst, u32 off, void *src, u32 len, u64 flags);
HELPER(203, void *, bpf_dynptr_data, struct bpf_dynptr *ptr, u32 off, u32 len);

#endif
