/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("xdp.frags/devmap") int prog(void *c){ return 0; }
