/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

int t1(void*c);
struct {__uint(type,3);
__uint(max_entries,3);
__uint(key_size,4);
__array(values,int(void*));} m SEC(".maps")={.values={[2]=(void*)&t1}};
__noinline int t1(void*c){return 1;}
SEC("tc") int prog(void*c){tail(c,&m,2);return 0;}
