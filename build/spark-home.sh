#!/usr/bin/env bash
# Builds a SPARK_HOME from Maven's jars: a directory with only jars/, which is all that Spark's master, worker and
# spark-submit need.
#
#   build/spark-home.sh <directory> [<class path>]
#
# The class path defaults to that of the examples (a test passes its own java.class.path). Jars are linked, directories
# of classes become jars, and directories of test classes are left out. Start the processes with
# SPARK_HOME=<directory> SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1.
set -euo pipefail

[ $# = 1 ] || [ $# = 2 ] || {
  echo "usage: build/spark-home.sh <directory> [<class path>]" >&2
  exit 2
}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
home=$1
class_path=${2:-$("$here/bin/kiln" classpath examples)}
jar=${JAVA_HOME:+$JAVA_HOME/bin/}jar

if [ -e "$home/jars" ]; then
  echo "spark-home: $home/jars exists already: name a new directory" >&2
  exit 1
fi
mkdir -p "$home/jars"
IFS=: read -r -a entries <<<"$class_path"
for entry in "${entries[@]}"; do
  case $entry in
    *.jar)
      ln -sf "$entry" "$home/jars/${entry##*/}"
      ;;
    */test-classes | '') ;;
    *)
      # …/engine/cpu/target/classes becomes engine-cpu.jar
      if [ -d "$entry" ]; then
        module=${entry%/target/classes}
        name=${module#"$here"/}
        "$jar" --create --file "$home/jars/kiln-$(printf '%s' "${name#/}" | tr '/ ' '--').jar" -C "$entry" .
      fi
      ;;
  esac
done
printf '%s\n' "$home"
