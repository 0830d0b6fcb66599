/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct tcp_congestion_ops___v2 {int (*ssthresh)(void*); char name[16];};
SEC("tc") int ssth(void*c){return 1;}
SEC(".struct_ops.link") struct tcp_congestion_ops___v2 o={.ssthresh=(void*)ssth};
