/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("tc") int a(void *c){ return 0; }
SEC("tc") int b(void*c){return 1;}
SEC("xdp") int c_(void*c){return 2;}
