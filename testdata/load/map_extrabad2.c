/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {__uint(type,33);
__uint(max_entries,3);enum {A_,B_} map_extra;} m SEC(".maps");
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
