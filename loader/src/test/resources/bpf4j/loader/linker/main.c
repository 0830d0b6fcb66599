/* Uses what lib.c defines: a map, a variable, a function; and defines a weak function itself. */
#include "common.h"
struct {
  __uint(type, 1);
  __type(key, struct flow);
  __type(value, struct counters);
  __uint(max_entries, 64);
} flows SEC(".maps");
extern u64 threshold;
extern int classify(struct counters *c, u32 len);
__weak int verdict(int class) { return class + 100; }
static __attribute__((noinline)) int own(int x) { return x * 3; }
int seen = 5;
SEC("socket") int entry(void *ctx) {
  struct flow key = {.saddr = seen, .daddr = 2};
  struct counters *c = map_lookup_elem(&flows, &key);
  if (!c) return own(seen);
  if (c->bytes > threshold) return 1;
  return verdict(classify(c, 3));
}
char LICENSE[] SEC("license") = "GPL";
