"""Golden steps of optimizers that only MXNet has, written by its own classes (pip install mxnet==1.9.1 numpy==1.23.5).

    python optimizers_mxnet.py > optimizers_mxnet.json
"""
import json

import mxnet as mx
from mxnet.optimizer.contrib import GroupAdaGrad

# DCASGD with momentum fails in MXNet 1.9.1 for arrays of more than one element.
W = [1.0, -2.0, 0.5, 0.0]
G = [[0.5, 0.25, -1.0, 0.0], [-0.3, 0.1, 0.2, 0.7], [0.05, -0.4, 0.3, 0.1]]
LR, WD = 0.1, 0.01


def run(optimizer, shape=(4,)):
    w = mx.nd.array(W).reshape(shape)
    state = optimizer.create_state(0, w)
    steps = []
    for g in G:
        optimizer.update(0, w, mx.nd.array(g).reshape(shape), state)
        steps.append(w.reshape(-1).asnumpy().tolist())
    return steps


o = mx.optimizer
print(json.dumps({
    "weights": W,
    "gradients": G,
    "ftml": run(o.FTML(learning_rate=LR, wd=WD)),
    "dcasgd": run(o.DCASGD(learning_rate=LR, wd=WD)),
    "groupAdaGrad": run(GroupAdaGrad(learning_rate=LR), (2, 2)),
}, indent=1))
