/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("netkit/peer") int prog(void *c){ return 0; }
