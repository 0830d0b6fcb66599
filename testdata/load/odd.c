/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

int a SEC(".data-odd")=1;
int b SEC(".data.x-y+z")=2;
SEC("tc") int prog(void*c){return b++;}
