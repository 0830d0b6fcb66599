/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("sk_reuseport/migrate") int prog(void *c){ return 0; }
