/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

static __noinline int cb(u64 c){return c;}
__attribute__((btf_decl_tag("exception_callback:cb"))) SEC("tc") int prog(void*c){return cb(5);}
