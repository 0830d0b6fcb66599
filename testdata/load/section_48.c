/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("perf_event") int prog(void *c){ return 0; }
