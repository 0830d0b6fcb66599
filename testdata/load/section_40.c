/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("lirc_mode2") int prog(void *c){ return 0; }
