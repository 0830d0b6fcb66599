/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as iproute2's loader took them: the outer map names its template by id. */
#include "load.h"

struct bpf_elf_map {
	u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};
struct bpf_elf_map SEC("maps") inner = { .type = 2, .size_key = 4, .size_value = 8, .max_elem = 3, .id = 42, .inner_idx = 1 };
struct bpf_elf_map SEC("maps") outer = { .type = 12, .size_key = 4, .size_value = 4, .max_elem = 4, .inner_id = 42, .pinning = 2 };
SEC("tc")
int prog(void *c)
{
	u32 k = 1;
	void *in = lookup(&outer, &k);

	return in ? !lookup(in, &k) : 2;
}
