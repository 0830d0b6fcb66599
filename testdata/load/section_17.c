/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("tp_btf/sched_switch") int prog(void *c){ return 0; }
