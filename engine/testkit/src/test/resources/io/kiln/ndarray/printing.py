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
for t in (np.float16, np.float32, np.float64):
    arrays += [np.array(v, t) for v in (
        [0.30000001, 100.125, -2 / 3], [np.nan, 1.5, np.inf], [np.nan, -np.inf], [np.nan], [[-np.inf, 1], [0, -0.0]],
        [1e-3, 1], [9e-4, 1], [6e-5, 2e-5], [1.1e3, 1.23456e-2], -0.0, 0.1, 6e-5, np.nan, 1234.5, [],
        r.normal(size=(2, 3, 4)), r.normal(size=40), r.normal(size=(1, 1, 2, 2)), r.uniform(-1000, 1000, (4, 3)),
    )]
for t in (np.float32, np.float64):
    arrays += [np.array(v, t) for v in (
        [1.1e10, 1.23456e-5], [1e8, 1], [99999999.0, 12345.678], [1e-10, -1e20, np.nan], 1e16, 999999.0, 1e6, 1e-4,
        123456789.123, 1.5e-5, -1e20, np.pi * 10.0 ** np.arange(-6, 6),
    )]
big = np.round(r.normal(size=1200), 3).astype(f4)
arrays += [big.reshape(s) for s in ((1200,), (40, 30), (3, 400), (6, 200), (10, 2, 10, 6))]
arrays += [np.array([2**62, -1]), np.array([[100, 2], [3, 4]], np.uint8), np.arange(1002) % 3 == 0]
print(json.dumps([
    {"dtype": str(a.dtype), "shape": a.shape, "values": [str(x) for x in a.ravel().tolist()], "text": str(a)}
    for a in arrays
]))
