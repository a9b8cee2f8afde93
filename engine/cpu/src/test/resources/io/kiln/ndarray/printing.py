"""How NumPy prints arrays (pip install numpy==2.4.6).

    python printing.py > printing.json
"""
import json

import numpy as np

f4 = np.float32
r = np.random.default_rng(1)
arrays = [
    np.array([1.5, -2, 3], f4),
    np.array([[1, 2.25], [-30.125, 4]], f4),
    np.array([0.1, 0.2, 1 / 3], f4),
    np.array([1e-5, 1, 2], f4),
    np.array([1e10, 1], f4),
    np.array([0, 0, 0], f4),
    np.array([1, np.nan, np.inf, -np.inf], f4),
    np.array([np.nan, 1e-9], f4),
    np.array([1 / 3, 200 / 3], np.float64),
    np.array([1e-300, 1e300], np.float64),
    np.array([0.1, 65504], np.float16),
    np.array([-0.0, 1000.5], f4),
    np.array([999.5, 1], f4),
    np.array([123456.789, 0.5], f4),
    np.array(1.5, f4),
    np.array(1.0, f4),
    np.array(1e-7, f4),
    np.array(1e20, f4),
    np.array(-7, np.int32),
    np.array([1, -20, 300], np.int64),
    np.array([True, False]),
    np.array(True),
    np.zeros((0, 3), f4),
    np.arange(24, dtype=f4).reshape(2, 3, 4),
    np.arange(40, dtype=np.int32),
    np.arange(1001, dtype=np.int32),
    np.arange(3000, dtype=f4).reshape(3, 1000),
    np.arange(2000, dtype=np.int64).reshape(10, 10, 20),
    r.normal(size=(3, 12)).astype(f4),
    r.normal(size=(2, 2, 3)),
]
print(json.dumps([
    {"dtype": str(a.dtype), "shape": a.shape, "values": [str(x) for x in a.ravel().tolist()], "text": str(a)}
    for a in arrays
]))
