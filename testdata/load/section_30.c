/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("usdt/a:b:c") int prog(void *c){ return 0; }
