/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("cgroup/sock_create") int prog(void *c){ return 0; }
