/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("lsm_cgroup/socket_bind") int prog(void *c){ return 0; }
