/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("tp/a/b") int prog(void *c){ return 0; }
