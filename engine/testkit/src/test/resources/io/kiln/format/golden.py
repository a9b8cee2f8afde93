"""A file with every dtype that Kiln has, written by the reference implementation (pip install safetensors==0.8.0 numpy).

    python golden.py
"""
from pathlib import Path

import numpy as np
from safetensors.numpy import save

tensors = {
    "f32": np.array([[1.5, -2.5, 3.0], [0.0, 1e-30, np.inf]], np.float32),
    "f64": np.array(np.pi),
    "f16": np.array([1.5, -65504], np.float16),
    "i32": np.arange(-2, 3, dtype=np.int32),
    "i64": np.array([2**53 + 1], np.int64),
    "u8": np.array([0, 255], np.uint8),
    "bool": np.array([True, False, True]),
    "empty": np.zeros((0, 3), np.float32),
    "ünï": np.array([7], np.int32),
}
Path(__file__).with_name("golden.safetensors").write_bytes(save(tensors, {"made by": "numpy"}))
