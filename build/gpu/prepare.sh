#!/usr/bin/env bash
# Packs what build/gpu/run.sh needs on a machine with a GPU, where there is no Maven, JDK or network:
#   build/gpu/prepare.sh [--light] OUTDIR
# OUTDIR gets a JRE, the jars, the classes of the engine and of its tests, and the scripts. --light leaves out libtorch, which the operator
# table is compared with, oneDNN, and NVIDIA's compiler of PTX: some 45 MB instead of 220. It brings no NVIDIA library: see docs/gpu.md.
set -euo pipefail

light=false
if [ "${1:-}" = --light ]; then
  light=true
  shift
fi
[ $# = 1 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
home=$(cd "$(dirname "$0")/../.." && pwd -P)
out=$(realpath -m "$1")
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || { echo "prepare: $out is not empty" >&2; exit 2; }
mkdir -p "$out/lib" "$out/classes"

maven() { (cd "$home" && mvn --quiet --batch-mode "$@"); }
modules=engine/core,engine/testkit,engine/cpu,engine/kernels,engine/cuda
maven test-compile dependency:build-classpath -pl "$modules" -DincludeScope=test -Dmdep.outputFile=target/gpu.classpath \
  -Dspotless.check.skip=true -Dcheckstyle.skip=true
platform=$(sed -n 's/.*<junit.version>5\.\(.*\)<.*/1.\1/p' "$home/pom.xml")
maven dependency:copy -pl engine/cuda "-Dartifact=org.junit.platform:junit-platform-console-standalone:$platform" \
  "-DoutputDirectory=$out/lib" -Dmdep.useBaseVersion=true

number=0
list=classes
pack() { # a folder of classes, or a jar, at the end of the class path
  if [ -d "$1" ]; then
    number=$((number + 1))
    cp -R "$1" "$out/classes/$number"
    list+=$'\n'classes/$number
  elif $light && [[ $1 == *pytorch* || $1 == *dnnl*linux* ]]; then
    :
  elif [[ $1 != *junit* && $1 != *opentest4j* && $1 != *apiguardian* ]]; then
    cp "$1" "$out/lib"
    list+=$'\n'lib/$(basename "$1")
  fi
}
for folder in test-classes classes; do pack "$home/engine/cuda/target/$folder"; done
tr ':' '\n' <"$home/engine/cuda/target/gpu.classpath" >"$out/entries"
while IFS= read -r entry; do pack "$entry"; done <"$out/entries"
rm "$out/entries"
if $light; then
  for jar in "$out"/lib/jcuda-natives-*.jar; do zip -q -d "$jar" '*JNvPTXCompiler*' || true; done
fi
printf '%s\n' "$list" lib/junit-platform-console-standalone-"$platform".jar | sed 1d >"$out/classpath"

java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
"$java_home/bin/jlink" --output "$out/jre" --strip-debug --no-man-pages --no-header-files --compress=2 --add-modules \
  java.base,java.compiler,java.desktop,java.instrument,java.logging,java.management,java.naming,java.sql,java.xml,jdk.compiler,jdk.management,jdk.unsupported,jdk.zipfs
grep -vE '^(#|$)' "$home/build/spark.jvmargs" | grep -v java.security.jgss >"$out/jvmargs"
cp "$home/build/gpu/run.sh" "$home/build/gpu/torch_networks.py" "$out"
$light && touch "$out/light"
(cd "$home" && git describe --always --dirty 2>/dev/null || echo unknown) >"$out/version"
echo "packed $(du -sm "$out" | cut -f1) MB in $out; on the machine with the GPU: $out/run.sh RESULTS"
