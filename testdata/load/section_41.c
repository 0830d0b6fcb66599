/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("flow_dissector") int prog(void *c){ return 0; }
