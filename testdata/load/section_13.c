/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("lsm.s/bpf") int prog(void *c){ return 0; }
