/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {__uint(type,4);
__uint(key_size,4);
__uint(value_size,4);} m SEC(".maps");
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
