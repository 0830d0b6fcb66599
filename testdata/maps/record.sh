#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Asks the running kernel about the map calls that generate.py lists, and rewrites golden/*.calls.
# Needs root on Linux 6.18 with two CPUs; creates maps only and releases every one of them.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
ROOT=${BPF4J_PARITY:-$HOME/.cache/bpf4j-parity}
cc -O1 -Wall -I"$ROOT/linux/tools/include/uapi" -o "$work/map-calls" map-calls.c
mkdir -p golden
for set in create operations nesting; do
  python3 generate.py "$set" | "$work/map-calls" > "golden/$set.calls"
done
wc -l golden/*.calls
