/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

extern int foo(int);
SEC("tc") int prog(void *c){ return foo(1); }
