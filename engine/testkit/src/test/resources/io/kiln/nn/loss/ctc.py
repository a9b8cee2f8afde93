"""CTC losses by their definition: all paths are enumerated (pip install numpy).

    python ctc.py > ctc.json
"""
import itertools
import json

import numpy as np

rng = np.random.default_rng(11)
N, T, C, L = 4, 5, 4, 3
logits = np.round(rng.normal(size=(N, T, C)) * 1.5, 3)
labels = {"last": [[0, 2, -1], [1, 1, -1], [2, 0, 1], [-1, -1, -1]], "first": [[1, 3, 0], [2, 2, -1], [3, 1, 2], [0, 0, 0]]}


def collapse(path, blank):
    return [k for i, k in enumerate(path) if k != blank and (i == 0 or path[i - 1] != k)]


def loss(x, y, blank):
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(C), repeat=len(x)):
        if collapse(path, blank) == y:
            total += np.prod([p[t, k] for t, k in enumerate(path)])
    return -np.log(total)


def until_padding(row, lowest):
    return list(itertools.takewhile(lambda k: k >= lowest, row))


out = {"logits": logits.ravel().tolist()}
for kind, blank, lowest in (("last", C - 1, 0), ("first", 0, 1)):
    out[kind] = {
        "labels": np.ravel(labels[kind]).tolist(),
        "loss": [loss(logits[n], until_padding(labels[kind][n], lowest), blank) for n in range(N)],
        "shorter": [loss(logits[n, : 3 + n % 3], labels[kind][n][: n % 3], blank) for n in range(N)],
    }
print(json.dumps(out, indent=1))
