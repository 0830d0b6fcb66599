/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("cgroup_skb/ingress") int prog(void *c){ return 0; }
