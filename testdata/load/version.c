/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

u32 v SEC("version") = 0x12345;
SEC("kprobe/x") int prog(void*c){return 1;}
