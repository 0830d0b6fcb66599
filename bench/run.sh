#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles programs.c and kernel-bench.c and measures every program here and in the kernel.
#   run.sh [ROUNDS [TIER]]      needs clang 19; for the kernel's side root, and libbpf with headers
#                               (LIBBPF_CFLAGS, LIBBPF_LIBS), else only ours is measured
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${CLANG:-clang-19}" -target bpfel -O2 -g -mcpu=v3 -Wall -Wno-incompatible-pointer-types -nostdinc -Itestdata/include \
  -c bench/src/main/c/programs.c -o "$work/programs.o"
kernel=-
if cc -O1 -Wall ${LIBBPF_CFLAGS:-} -o "$work/kernel-bench" bench/src/main/c/kernel-bench.c ${LIBBPF_LIBS:--lbpf} -lelf -lz \
  2>"$work/cc.log"; then kernel=$work/kernel-bench; else echo "run.sh: no libbpf, measuring only ours" >&2; fi
mvn -q -B -Dfast -pl bench -am compile
cp=$(find ~/.m2/repository/org/jspecify -name 'jspecify-*.jar' | head -1)
for module in bench vm loader verifier maps model; do cp=$module/target/classes:$cp; done
"${JAVA:-java}" -Xmx1g -cp "$cp" bpf4j.bench.SideBySide "$work/programs.o" "$kernel" "$@"
