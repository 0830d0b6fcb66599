/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

struct s{int a;};
struct {__uint(type,3);
__uint(max_entries,3);
__uint(key_size,4);
__array(values,struct s);} m SEC(".maps");
SEC("tc") int prog(void*c){tail(c,&m,2);return 0;}
