/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

int a=1;
static int b=2; const int c_=3;
static volatile const int d=4;
int e;
static int f;
int g SEC(".data.mine")=4; const int hh SEC(".rodata.mine.second")=4;
int i SEC(".bss.q");
__hidden int j SEC(".data.hid")=5;
SEC("tc") int prog(void*c){a++;b+=a;e++;f+=e;i++;g++;j++;return a+b+c_+d+e+f+g+hh+i+j;}
