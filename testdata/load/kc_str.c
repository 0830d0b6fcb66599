/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

extern int CONFIG_DEFAULT_HOSTNAME __kconfig;
SEC("tc") int prog(void *c){ return CONFIG_DEFAULT_HOSTNAME;}
