/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

__noinline int g(int a){return a+1;}
__hidden __noinline int h(int a){return g(a)*2;}
static __noinline int s(int a){return h(a)+g(3);}
SEC("tc") int prog(void*c){return s(1)+h(2);}
SEC("xdp") int p2(void*c){return g(2)+s(4);}
