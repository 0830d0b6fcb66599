/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

typedef struct {__uint(type,2);
__type(key,u32);
__type(value,u64);
__uint(max_entries,3);} T; const T m SEC(".maps");
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
