#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that what engine/cuda and engine/nccl call of CUDA exists in NVIDIA's libraries.

    build/cuda-symbols.py JARS                 checks against the lists in build/cuda-symbols; JARS: what bin/kiln jars prints
    build/cuda-symbols.py --write NAME FOLDER  makes the list NAME of the packages in FOLDER (pip install --target FOLDER --no-deps
                                               nvidia-cublas nvidia-cudnn-cu13 nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-nccl-cu13; with
                                               -cu12: CUDA 12)

For each method of JCudaDriver, JNvrtc, JCublas2 and JCudnn that the sources of engine/cuda call, the function that JCuda's native library
takes for it has to be exported by the library, or for the driver, which is in no package, declared in cuda.h. What engine/nccl calls of
NCCL has the library's own names. The lists are there because the packages take more than 1 GB each. Needs nm. Ends with 1 if something is missing.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTS = ROOT / "build/cuda-symbols"
# The native library of JCuda, the jar it is in, the prefix of its functions, where NVIDIA has them. cuDNN hands most of its functions on to
# libraries beside it.
PARTS = [
    ("libJCudaDriver", "jcuda-natives", "cu", ["nvidia/**/cuda.h"]),
    ("libJNvrtc", "jcuda-natives", "nvrtc", ["libnvrtc.so.1[23]"]),
    ("libJCublas2", "jcublas-natives", "cublas", ["libcublas.so.1[23]"]),
    ("libJCudnn", "jcudnn-natives", "cudnn", ["libcudnn.so.9", "libcudnn_*.so.9"]),
]
NCCL = ("nccl", ["libnccl.so.2"])


def symbols(library, kind):
    listing = subprocess.run(["nm", "-D", kind, library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in listing.splitlines() if line.strip()}


def imported(native, jar, prefix, jars):
    files = [file for file in jars if re.fullmatch(rf"{jar}-.*-linux-x86_64\.jar", pathlib.PurePath(file).name)]
    if not files:
        sys.exit(f"cuda-symbols: {jar} is not among the jars")
    with zipfile.ZipFile(files[0]) as archive, tempfile.NamedTemporaryFile(suffix=".so") as copy:
        name = next(n for n in archive.namelist() if pathlib.PurePath(n).name.startswith(native + "-"))
        copy.write(archive.read(name))
        copy.flush()
        return {s for s in symbols(copy.name, "--undefined-only") if re.match(rf"{prefix}[A-Z]", s)}


def called(prefix, module="cuda"):
    names = set()
    for source in (ROOT / "engine" / module / "src/main/java").rglob("*.java"):
        text = re.sub(r"/\*.*?\*/|//[^\n]*|\"(\\.|[^\"\\])*\"", "", source.read_text(), flags=re.DOTALL)
        names.update(re.findall(rf"(?<!new )\b({prefix}[A-Z]\w*)\s*\(", text))
        names.update(re.findall(rf"::({prefix}[A-Z]\w*)", text))
    return names


def write(name, folder):
    lines = []
    for prefix, places in [part[2:] for part in PARTS] + [NCCL]:
        files = sorted(p for place in places for p in pathlib.Path(folder).rglob(place))
        if not files:
            sys.exit(f"cuda-symbols: {places[0]} is not below {folder}")
        found = set()
        for file in files:
            if file.suffix == ".h":
                found |= set(re.findall(r"\bcu[A-Z]\w*", file.read_text(errors="replace")))
            else:
                found |= symbols(str(file), "--defined-only")
        lines += sorted(s for s in found if re.fullmatch(rf"{prefix}[A-Z]\w*", s))
    packages = sorted(p.name.removesuffix(".dist-info") for p in pathlib.Path(folder).rglob("nvidia_*.dist-info"))
    wanted = [p for p in packages if re.match(r"nvidia_(cublas|cudnn|cuda_nvrtc|cuda_runtime|nccl)(_cu1\d)?-", p)]
    LISTS.mkdir(exist_ok=True)
    (LISTS / f"{name}.txt").write_text("\n".join(["# " + ", ".join(wanted), *lines]) + "\n")


def check(jars):
    lists = {p.stem: set(p.read_text().splitlines()) for p in sorted(LISTS.glob("*.txt"))}
    missing = 0
    functions = set()
    for native, jar, prefix, _ in PARTS:
        wanted = imported(native, jar, prefix, jars)
        uses = called(prefix)
        found = 0
        for method in sorted(uses):
            base = method.removesuffix("_new")
            own = [s for s in (base + end for end in ("_v3", "_v2", "", "WithFlags")) if s in wanted]
            if not own:
                missing += 1
                print(f"{method}: {native} takes no function for it")
                continue
            found += 1
            functions.add(own[0])
            for name, there in lists.items():
                if own[0] not in there:
                    missing += 1
                    print(f"{method}: {own[0]} is missing in {name}")
        if found == 0:
            missing += 1
            print(f"{native}: no calls found in the sources")
    of_nccl = called(NCCL[0], "nccl")
    functions |= of_nccl
    absent = [(function, name) for function in sorted(of_nccl) for name, there in lists.items() if function not in there]
    missing += len(absent)
    for function, name in absent:
        print(f"{function} is missing in {name}")
    if not of_nccl:
        missing += 1
        print("NCCL: no calls found in the sources")
    print(f"{len(functions)} functions of CUDA are called; {missing} faults; compared with {', '.join(lists) or 'nothing'}")
    return missing == 0 and bool(lists)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--write":
        write(sys.argv[2], sys.argv[3])
    elif len(sys.argv) != 2:
        sys.exit(__doc__)
    elif not check(sys.argv[1].split(",")):
        sys.exit(1)


if __name__ == "__main__":
    main()
