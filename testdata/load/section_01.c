/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("tc/foo") int prog(void *c){ return 0; }
