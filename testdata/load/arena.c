/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {__uint(type,33);
__uint(map_flags,1024);
__uint(max_entries,3);} ar SEC(".maps");
int __attribute__((address_space(1))) ga SEC(".addr_space.1") = 7;
SEC("syscall") int prog(void*c){ return ga + (int)(long)&ar;}
