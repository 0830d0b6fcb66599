/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("raw_tp/x") int prog(void *c){ return 0; }
