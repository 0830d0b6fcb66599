/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of a `maps` section, as libbpf took them before its version 1.0. */
#include "load.h"

struct bpf_map_def {
	u32 type, key_size, value_size, max_entries, map_flags;
};
struct bpf_map_def SEC("maps") counts = { .type = 1, .key_size = 8, .value_size = 16, .max_entries = 100, .map_flags = 1 };
struct bpf_map_def SEC("maps") slots = { .type = 2, .key_size = 4, .value_size = 8, .max_entries = 7 };
SEC("tc")
int prog(void *c)
{
	u32 k = 1;

	return !lookup(&slots, &k);
}
