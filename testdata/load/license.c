/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

char l2[] SEC("license") = "Dual BSD/GPL";
SEC("tc") int prog(void*c){return 1;}
