/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("struct_ops") int prog(void *c){ return 0; }
