/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

__attribute__((btf_decl_tag("exception_callback:"))) SEC("tc") int prog(void*c){return 1;}
