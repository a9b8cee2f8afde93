"""Writes fourier.json beside this file: transforms over several axes by NumPy. Needs numpy 2."""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(7)
CASES = [
    ([3, 4], None),
    ([2, 3, 5], [1, 2]),
    ([2, 3, 5], [0, -1]),
    ([4, 3, 2], [2, 0]),
    ([2, 1, 6], [1]),
    ([7], [0]),
]


def pairs(z):
    return np.stack([z.real, z.imag], -1).ravel().tolist()


def main():
    rows = []
    for shape, axes in CASES:
        z = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
        x = rng.standard_normal(shape)
        used = list(range(len(shape))) if axes is None else axes
        for norm in ("backward", "ortho", "forward"):
            half = np.fft.rfftn(x, axes=used, norm=norm)
            # Numbers that are no half of a spectrum: NumPy passes over the imaginary parts that do not count.
            other = half + rng.standard_normal(half.shape) + 1j * rng.standard_normal(half.shape)
            lengths = [shape[a] for a in used]
            rows.append(
                {
                    "shape": shape,
                    "axes": used,
                    "norm": norm,
                    "z": pairs(z),
                    "x": x.ravel().tolist(),
                    "fftn": pairs(np.fft.fftn(z, axes=used, norm=norm)),
                    "ifftn": pairs(np.fft.ifftn(z, axes=used, norm=norm)),
                    "rfftn": pairs(half),
                    "half": pairs(other),
                    "irfftn": np.fft.irfftn(other, s=lengths, axes=used, norm=norm).ravel().tolist(),
                }
            )
    out = pathlib.Path(__file__).with_name("fourier.json")
    out.write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


main()
