/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("lwt_in") int prog(void *c){ return 0; }
