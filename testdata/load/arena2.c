/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {__uint(type,33);
__uint(map_flags,1024);
__uint(max_entries,1);} ar SEC(".maps"), ar2 SEC(".maps");
SEC("syscall") int prog(void*c){ return (int)(long)&ar2 + (int)(long)&ar;}
