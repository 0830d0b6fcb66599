/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

union {__uint(type,1);
__type(key,u32);} m SEC(".maps");
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
