/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

static __noinline int cb(int a,void*b){return 1;} static long (*loop)(u32,void*,void*,u64)=(void*)181;
__noinline int cb2(int a,void*b){return 1;}
SEC("tc") int prog(void*c){loop(3,cb,c,0);loop(4,cb2,c,0);return 0;}
