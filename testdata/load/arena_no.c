/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

int __attribute__((address_space(1))) ga SEC(".addr_space.1") = 7;
SEC("syscall") int prog(void*c){ return ga;}
