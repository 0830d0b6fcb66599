#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles src/*.c with clang 19 into obj/v3 and obj/v4, byte for byte the same on every machine.
# A few are compiled for big-endian machines as well, into obj/be.
#   build.sh           build, replacing what is there
#   build.sh --check   build aside and fail when an object differs from the one in obj/
# A source whose first lines say "cpu: v4" is built for v4 only, "cpu: v3" for v3 only.
set -euo pipefail
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
command -v "$CLANG" >/dev/null || { echo "build.sh: $CLANG not found (set CLANG to clang 19)" >&2; exit 2; }
out=obj
if [ "${1:-}" = --check ]; then out=$(mktemp -d); trap 'rm -rf "$out"' EXIT; fi
mkdir -p "$out/v3" "$out/v4" "$out/be"
compile() { # target cpu name object
  "$CLANG" -target "$1" -O2 -g -mcpu="$2" -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-parameter \
    -Wno-incompatible-pointer-types -Wno-missing-field-initializers -Wno-sign-compare -Wno-unused-const-variable \
    -fdebug-compilation-dir=. -ffile-prefix-map="$PWD"=. -nostdinc -Iinclude -c "src/$3.c" -o "$4"
}
for src in src/*.c; do
  name=$(basename "$src" .c)
  for cpu in v3 v4; do
    only=$(sed -n '1,5s/.*cpu: \(v[34]\).*/\1/p' "$src")
    [ -z "$only" ] || [ "$only" = $cpu ] || continue
    compile bpfel $cpu "$name" "$out/$cpu/$name.o"
  done
done
for name in globals inner_forms kconfig subprogs tail_chain; do
  compile bpfeb v3 $name "$out/be/$name.o"
done
if grep -lE -- "$PWD|/usr/|/home/|/root/" "$out"/*/*.o; then echo "build.sh: these objects hold a path of this machine" >&2; exit 1; fi
if [ "$out" != obj ]; then
  diff -r obj "$out" && echo "objects are up to date"
fi
