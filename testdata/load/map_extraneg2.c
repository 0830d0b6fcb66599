/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {__uint(type,33);
__uint(map_flags,1024);
__uint(max_entries,3);
__ulong(map_extra,-5);} m SEC(".maps");
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
