/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

__weak __noinline int g(int a){return a+1;}
SEC("tc") int prog(void*c){return g(1);}
