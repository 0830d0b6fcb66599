/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("lsm/file_open") int prog(void *c){ return 0; }
