/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("xdp") __noinline int g(void*c){return 1;}
SEC("tc") int prog(void*c){return g(c);}
