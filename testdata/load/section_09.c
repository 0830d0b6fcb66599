/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("fentry/v:do_nanosleep") int prog(void *c){ return 0; }
