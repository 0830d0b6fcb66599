/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("fentry/ext4:foo") int prog(void *c){ return 0; }
