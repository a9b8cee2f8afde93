#!/usr/bin/env bash
# Tests and measures Kiln on an NVIDIA GPU, in under ten minutes, from what build/gpu/prepare.sh has packed:
#   run.sh [--tiny] RESULTS [section ...]
# Sections: doctor tests overheads mlp lenet lstm bert resnet50 torch (default: all). Each has a time limit of its own; what fails or takes
# too long is told, and the others go on. RESULTS gets figures.tsv, line by line as it comes, a log of each section, and at the end
# table.md, for docs/gpu.md. --tiny runs everything in small sizes, to see whether it runs. Environment:
#   KILN_CUDA_LIBRARIES  folders with NVIDIA's libraries, searched first; by default those of the Python that has PyTorch
#   PYTHON               the Python with PyTorch (default: python3); without PyTorch its columns stay empty
set -uo pipefail

size=full
seconds=4
[ "${1:-}" != --tiny ] || { size=tiny; seconds=0.2; shift; }
[ $# -ge 1 ] || { sed -n '2,9s/^# //p' "$0" >&2; exit 2; }
home=$(cd "$(dirname "$0")" && pwd -P)
results=$(realpath -m "$1")
shift
[ $# -gt 0 ] || set -- doctor tests overheads mlp lenet lstm bert resnet50 torch
mkdir -p "$results"
: >"$results/sections.tsv"
python=${PYTHON:-python3}
libraries=${KILN_CUDA_LIBRARIES:-$("$python" -c '
import glob, site
print(":".join(p for s in site.getsitepackages() for p in glob.glob(s + "/nvidia/*/lib")))' 2>/dev/null)}
class_path=$(sed "s#^#$home/#" "$home/classpath" | paste -sd:)
figures=$results/figures.tsv
precisions="float32 tf32 bfloat16"

java() { # arguments: options and class
  "$home/jre/bin/java" "@$home/jvmargs" -Xmx4g -Xshare:auto "-Dkiln.cuda.libraryPath=$libraries" \
    "-Dkiln.cuda.cacheDir=$results/cache" -Dkiln.cuda.real=true "-Dkiln.device=cuda(0)" -Dai.djl.offline=true \
    -cp "$class_path" "$@"
}

# The precisions of a network, one JVM for each, as TF32 is a property of the process.
network() {
  local precision outcome=0
  for precision in $precisions; do
    java -Dkiln.cuda.tf32=$([ "$precision" = tf32 ] && echo true || echo false) io.kiln.cuda.measure.Networks \
      "$figures" "$1" "$precision" "$seconds" "$size" || outcome=1
  done
  return $outcome
}

overheads() {
  local precision outcome=0
  for precision in $precisions; do
    java -Dkiln.cuda.tf32=$([ "$precision" = tf32 ] && echo true || echo false) io.kiln.cuda.measure.Overheads \
      "$figures" "$precision" "$size" || outcome=1
  done
  return $outcome
}

tests() {
  local both=(-c io.kiln.kernels.TrainingOnTheDeviceTest -c io.kiln.cuda.ChannelsLastValuesTest)
  local select=(-c io.kiln.kernels.KernelsTest "${both[@]}")
  if [ "$size" = tiny ]; then
    select=("${both[@]}")
  elif [ ! -e "$home/light" ]; then
    select+=(-c io.kiln.peer.DeviceTableTest -c io.kiln.peer.TrainingParityTest)
  fi
  java org.junit.platform.console.ConsoleLauncher execute --disable-banner --details=tree --disable-ansi-colors \
    --fail-if-no-tests --config junit.jupiter.extensions.autodetection.enabled=true "${select[@]}"
}

torch() {
  local cases=() network precision
  for network in mlp lenet lstm bert resnet50; do
    for precision in $precisions; do cases+=("$network" "$precision"); done
  done
  "$python" -c 'import torch' || { echo "PyTorch is missing: $python -m pip install torch"; return 3; }
  "$python" "$home/torch_networks.py" "$figures" "$(awk "BEGIN { print $seconds / 4 }")" "$size" "${cases[@]}"
}

limit_of() {
  case $1 in
    doctor) echo 30 ;;
    tests) echo 120 ;;
    overheads) echo 45 ;;
    mlp | lenet | lstm) echo 40 ;;
    bert | resnet50) echo 60 ;;
    torch) echo 150 ;;
    *) return 1 ;;
  esac
}

# For the shell of each section, which timeout ends with all that it has started.
export home size seconds libraries class_path figures precisions results python
export -f java network overheads tests torch
begin=$SECONDS
for section in "$@"; do
  limit=$(limit_of "$section") || { echo "run: no section is called $section" >&2; exit 2; }
  limit=${KILN_GPU_LIMIT:-$limit}
  log=$results/$section.log
  start=$SECONDS
  case $section in
    doctor) command="java io.kiln.backend.Doctor" ;;
    tests | overheads | torch) command=$section ;;
    *) command="network $section" ;;
  esac
  timeout --kill-after=5 "$limit" bash -c "$command" >"$log" 2>&1
  code=$?
  case $code in
    0) outcome=ok ;;
    124 | 137) outcome="over its limit of $limit s" ;;
    *) outcome="failed ($code): $(grep -vE '^\s|^$' "$log" | tail -n 1 | cut -c1-120)" ;;
  esac
  printf '%s\t%s\t%s\n' "$section" "$outcome" "$((SECONDS - start))" | tee -a "$results/sections.tsv"
done
{
  echo "Kiln $(cat "$home/version"), sizes: $size, $((SECONDS - begin)) s in all."
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo "no nvidia-smi"
  grep -h '^PyTorch ' "$results/torch.log" 2>/dev/null
} >"$results/machine.txt"
java io.kiln.cuda.measure.Table "$results" >/dev/null && echo "wrote $results/table.md"
! grep -qv $'\tok\t' "$results/sections.tsv"
