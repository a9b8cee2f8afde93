#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles kernels with NVIDIA's compiler, NVRTC, which needs no GPU: build/nvrtc.py [--lib FOLDER] [--arch LIST] [--full] SOURCES

SOURCES is what the test driver of engine/cuda keeps of all that the tests compile (engine/cuda/target/test-driver/sources): a folder
for each source, with its options and headers. Each is compiled to machine code for each architecture. FOLDER holds libnvrtc.so.13 (by
default it is looked for in the Python package nvidia-cuda-nvrtc). Ends with 1 if anything does not compile, or there is nothing.
"""

import argparse
import concurrent.futures
import ctypes
import pathlib
import site
import sys
import time

ARCHITECTURES = "75,80,86,89,90,100"


def load(folder):
    folders = [pathlib.Path(folder)] if folder else [pathlib.Path(s) for s in [*site.getsitepackages(), site.getusersitepackages()]]
    for place in folders:
        for file in sorted(place.glob("**/libnvrtc.so.1[23]")):
            for builtins in file.parent.glob("libnvrtc-builtins.so.*"):
                ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
            return ctypes.CDLL(str(file))
    sys.exit(f"nvrtc: libnvrtc.so.13 is not below {', '.join(map(str, folders))}: pip install nvidia-cuda-nvrtc")


def strings(values):
    return (ctypes.c_char_p * max(1, len(values)))(*values)


def compile_source(library, folder, architecture, fast):
    """The log if the source does not compile, or None."""
    headers = sorted(p for p in (folder / "headers").rglob("*") if p.is_file())
    names = [str(p.relative_to(folder / "headers")).encode() for p in headers]
    texts = [p.read_bytes() for p in headers]
    options = [line.encode() for line in (folder / "options").read_text().splitlines()]
    options.append(f"--gpu-architecture=sm_{architecture}".encode())
    if fast:
        options.append(b"--Ofast-compile=max")
    program = ctypes.c_void_p()
    source = (folder / "source.cu").read_bytes()
    code = library.nvrtcCreateProgram(
        ctypes.byref(program), source, b"source.cu", len(names), strings(texts), strings(names)
    )
    if code != 0:
        return f"nvrtcCreateProgram: {code}"
    code = library.nvrtcCompileProgram(program, len(options), strings(options))
    log = None
    if code != 0:
        size = ctypes.c_size_t()
        library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        text = ctypes.create_string_buffer(size.value)
        library.nvrtcGetProgramLog(program, text)
        log = text.value.decode(errors="replace") or f"nvrtcCompileProgram: {code}"
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return log


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lib", help="where libnvrtc.so.13 is")
    parser.add_argument("--arch", default=ARCHITECTURES, help=f"architectures, default {ARCHITECTURES}")
    parser.add_argument("--full", action="store_true", help="optimize as the engine does; by default as little as possible: 3 times faster")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("sources", type=pathlib.Path)
    arguments = parser.parse_args()
    library = load(arguments.lib)
    major, minor = ctypes.c_int(), ctypes.c_int()
    library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    folders = sorted(p.parent for p in arguments.sources.glob("*/source.cu"))
    if not folders:
        sys.exit(f"nvrtc: no sources in {arguments.sources}; the tests of engine/cuda put them there")
    began = time.monotonic()
    work = [(folder, architecture) for folder in folders for architecture in arguments.arch.split(",")]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for (folder, architecture), log in zip(work, pool.map(lambda w: compile_source(library, *w, not arguments.full), work), strict=True):
            if log is not None:
                failed += 1
                print(f"{folder} does not compile for sm_{architecture}:\n{log}")
    print(
        f"NVRTC {major.value}.{minor.value}: {len(folders)} sources for sm_{arguments.arch}, {failed} of {len(work)} failed, "
        f"{time.monotonic() - began:.0f} s"
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
