/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {__uint(type,1);u32 key;
__type(value,u64);} m SEC(".maps");
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
