/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

int x=3;
