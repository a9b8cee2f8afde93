"""Golden losses and gradients that only MXNet has (pip install mxnet==1.9.1 numpy==1.23.5).

    python losses_mxnet.py > losses_mxnet.json
"""
import json
import os

import mxnet as mx

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.json")) as f:
    golden = json.load(f)
a = mx.nd.array(golden["prediction"]).reshape((5, 4))
b = mx.nd.array(golden["triplet"]["second"]).reshape((5, 4))
a.attach_grad()
with mx.autograd.record():
    loss = mx.gluon.loss.SDMLLoss()(a, b)
loss.backward()
print(json.dumps({"sdml": {
    "second": b.reshape(-1).asnumpy().tolist(),
    "loss": loss.asnumpy().tolist(),
    "gradient": a.grad.reshape(-1).asnumpy().tolist(),
}}))
