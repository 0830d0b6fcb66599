/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("?kprobe/x") int prog(void *c){ return 0; }
