/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct {int (*a)(void*);} o SEC(".struct_ops");
SEC("tc") int prog(void*c){return 1;}
