/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {__uint(type,31);
__uint(max_entries,0xfffff);} m SEC(".maps");
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
