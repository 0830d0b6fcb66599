/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("xdp.frags") int prog(void *c){ return 0; }
