#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Asks the running kernel about the map calls that generate.py lists, and rewrites golden/*.calls.
# Needs root on Linux 6.18 with two CPUs; creates maps only and releases every one of them.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
ROOT=${BPF4J_PARITY:-$HOME/.cache/bpf4j-parity}
cc -O1 -Wall -I"$ROOT/linux/tools/include/uapi" -o "$work/map-calls" map-calls.c
mkdir -p golden "$work/cgroup"
for set in create operations nesting; do
  # A mount of its own, seen by this process only, gives a cgroup to refer to.
  python3 generate.py "$set" | CGROUP="$work/cgroup" unshare -m \
    sh -c 'mount -t cgroup2 none "$CGROUP" && exec "$0"' "$work/map-calls" > "golden/$set.calls"
done
wc -l golden/*.calls
