/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

SEC("fmod_ret/bpf_modify_return_test") int prog(void *c){ return 0; }
