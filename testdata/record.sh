#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Asks the running kernel about every object of obj/ and rewrites golden/: verdicts, level-2 logs and,
# for the cases in cases/, what test runs returned and left in the maps. Needs root on Linux 6.18.
#   PARITY_KIT=FOLDER record.sh [NAME...]     FOLDER holds ask-kernel.sh; all objects unless named
set -euo pipefail
cd "$(dirname "$0")"
export PARITY_KIT=${PARITY_KIT:?folder of the parity kit (ask-kernel.sh)} ROOT=${BPF4J_PARITY:-$HOME/.cache/bpf4j-parity}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cc -O1 -Wall -I"$ROOT/libbpf/usr/include" -I"$ROOT/linux/tools/include/uapi" -o "$work/kernel-run" kernel-run.c \
  "$ROOT/libbpf/usr/lib64/libbpf.a" -lelf -lz
WORK=$work python3 record.py "$@"
