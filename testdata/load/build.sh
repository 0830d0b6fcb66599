#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the sources of this folder with clang 19, without debug information but with BTF.
#   build.sh           build, replacing what is there
# expected.jsonl says what the loader makes of each object (`bpf4j inspect --json`, with the kernel of
# LoadCasesTest); when it was written, libbpf 1.5 made the same of them: the same programs, maps and
# instructions, and the same messages for what it refuses. The legacy_ ones libbpf refuses; we load them.
set -euo pipefail
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
STRIP=${STRIP:-llvm-strip-19}
for src in *.c; do
  "$CLANG" -target bpfel -O2 -g -mcpu=v3 -w -fdebug-compilation-dir=. -ffile-prefix-map="$PWD"=. \
    -nostdinc -c "$src" -o "${src%.c}.o"
  "$STRIP" -g "${src%.c}.o"
done
