"""Writes conformance cases: a zip of cases.json, arrays.safetensors (all arrays, under the keys that cases.json names) and skipped.json."""

import json
import struct
import sys
import zipfile

import numpy as np

LARGEST_ARRAY = 16384  # bytes

DTYPES = {
    "bool": "BOOL", "uint8": "U8", "int32": "I32", "int64": "I64",
    "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
}


class Skip(Exception):
    """The case cannot be written; its message says why."""


class CaseFile:
    def __init__(self):
        self.arrays, self.cases, self.skipped = {}, [], {}

    def put(self, key, array):
        array = np.asarray(array)
        if str(array.dtype) not in DTYPES:
            raise Skip("dtype " + str(array.dtype))
        if array.nbytes > LARGEST_ARRAY:
            raise Skip("an array of %d bytes" % array.nbytes)
        self.arrays[key] = np.array(array, order="C")
        return key

    def write(self, path):
        used = json.dumps(self.cases)
        keys = sorted((k for k in self.arrays if json.dumps(k) in used), key=lambda k: (-self.arrays[k].dtype.itemsize, k))
        header, at = {}, 0
        for key in keys:
            a = self.arrays[key]
            header[key] = {"dtype": DTYPES[str(a.dtype)], "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
            at += a.nbytes
        head = json.dumps(header).encode()
        head += b" " * (-len(head) % 8)
        data = struct.pack("<Q", len(head)) + head + b"".join(self.arrays[k].tobytes() for k in keys)
        members = {
            "cases.json": json.dumps(finite(self.cases), indent=0).encode(),
            "arrays.safetensors": data,
            "skipped.json": json.dumps(self.skipped, indent=0).encode(),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
            for name, content in members.items():
                out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, 9)
        print(len(self.cases), "cases of", len({c["op"] for c in self.cases}), "operators;", len(self.skipped), "skipped;", at, "bytes", file=sys.stderr)


def finite(o):
    """JSON has no NaN and no infinities: they become strings."""
    if isinstance(o, float) and not np.isfinite(o):
        return str(o)
    if isinstance(o, dict):
        return {k: finite(v) for k, v in o.items()}
    if isinstance(o, (list, tuple)):
        return [finite(v) for v in o]
    return o
