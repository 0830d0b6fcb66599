/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

int a SEC("mysec")=1; 
SEC("tc") int prog(void*c){return a++;}
