/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("uprobe.multi/x") int prog(void *c){ return 0; }
