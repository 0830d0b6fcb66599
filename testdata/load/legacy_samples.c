/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as the loader of the kernel's samples took them: the outer map names its template by number. */
#include "load.h"

struct bpf_map_def {
	u32 type, key_size, value_size, max_entries, map_flags, inner_map_idx, numa_node;
};
struct bpf_map_def SEC("maps") first = { .type = 1, .key_size = 4, .value_size = 4, .max_entries = 9 };
struct bpf_map_def SEC("maps") second = { .type = 9, .key_size = 4, .value_size = 8, .max_entries = 5, .map_flags = 4, .numa_node = 1 };
struct bpf_map_def SEC("maps") outer = { .type = 13, .key_size = 4, .value_size = 4, .max_entries = 2, .inner_map_idx = 1 };
SEC("tc")
int prog(void *c)
{
	u32 k = 1;

	return !lookup(&outer, &k) + !lookup(&first, &k);
}
