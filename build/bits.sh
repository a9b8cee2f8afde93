#!/usr/bin/env bash
# Records the bits that the engine computes on this machine, one line "hash name" each, and compares them with an earlier recording:
#   build/bits.sh <file> [<earlier file>] [rows|zoo|training|optimizers ...]
# Exit status 1: the bits of some names differ. See "Bitwise equality" in CONTRIBUTING.md.
set -euo pipefail

[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
home=$(cd "$(dirname "$0")/.." && pwd -P)
file=$(realpath -m "$1")
shift
earlier=
if [ $# -ge 1 ] && [ -f "$1" ]; then
  earlier=$(realpath "$1")
  shift
fi
(cd "$home" && mvn --quiet --batch-mode test-compile dependency:build-classpath -pl engine/core,engine/testkit,engine/cpu \
  -DincludeScope=test -Dmdep.outputFile=target/test.classpath)
module=$home/engine/cpu/target
java "@$home/build/spark.jvmargs" -cp "$module/test-classes:$module/classes:$(cat "$module/test.classpath")" \
  io.kiln.cpu.bits.BitsMain "$file" "$@"
if [ -n "$earlier" ]; then
  if diff "$earlier" "$file"; then
    echo "all bits equal: $(wc -l <"$file") names"
  else
    echo "different bits: $(diff "$earlier" "$file" | grep -c '^>') of $(wc -l <"$file") names" >&2
    exit 1
  fi
fi
