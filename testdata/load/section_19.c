/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("freplace/x") int prog(void *c){ return 0; }
