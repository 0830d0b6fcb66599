typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name)))
#define __weak __attribute__((weak))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
struct flow {
  u32 saddr;
  u32 daddr;
};
struct counters {
  u64 packets;
  u64 bytes;
};
static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
