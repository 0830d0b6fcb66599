/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("foo") int prog(void *c){ return 0; }
