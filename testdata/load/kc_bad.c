/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

extern int FOO_BAR __kconfig; SEC("tc") int prog(void *c){ return FOO_BAR;}
