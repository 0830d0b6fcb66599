/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("iter.s/nosuch") int prog(void *c){ return 0; }
