/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

static SEC("tc") int prog(void *c){ return 0; }
