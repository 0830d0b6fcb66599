/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct inner {__uint(type,2);
__type(key,u32);
__type(value,u64);
__uint(max_entries,3);} in1 SEC(".maps"), in2 SEC(".maps");
struct {__uint(max_entries,4);
__type(key,u32);
__array(values,struct inner);} m SEC(".maps") ;
SEC("tc") int prog(void *c){ u32 k=0; return !lookup(&m,&k); }
