"""Golden outputs of layers and initializers, written by Gluon (pip install mxnet==1.9.1 numpy==1.23.5).

    python layers_mxnet.py > layers_mxnet.json
"""
import json

import mxnet as mx
import numpy as np
from mxnet.gluon import contrib, nn

x = np.round(np.random.default_rng(2).normal(size=96), 3).astype(np.float32)


def run(layer, shape):
    layer.initialize()
    y = layer(mx.nd.array(x).reshape(shape))
    return {"shape": shape, "outputShape": y.shape, "output": [round(float(v), 7) for v in y.reshape(-1).asnumpy()]}


def init(initializer, name, shape):
    a = mx.nd.zeros(shape)
    initializer(mx.init.InitDesc(name, {"__init__": initializer.dumps()}), a)
    return [float(v) for v in a.reshape(-1).asnumpy()]


print(json.dumps({
    "x": [round(float(v), 3) for v in x],
    "groupNorm": run(nn.GroupNorm(2), (2, 4, 3, 4)),
    "instanceNorm": run(nn.InstanceNorm(), (2, 4, 3, 4)),
    "pixelShuffle1d": run(contrib.nn.PixelShuffle1D(2), (2, 4, 12)),
    "pixelShuffle2d": run(contrib.nn.PixelShuffle2D(2), (2, 8, 2, 3)),
    "pixelShuffle3d": run(contrib.nn.PixelShuffle3D((2, 1, 2)), (1, 8, 2, 3, 2)),
    "prelu": run(nn.PReLU(), (4, 24)),
    "swish": run(nn.Swish(1.5), (4, 24)),
    "selu": run(nn.SELU(), (4, 24)),
    "gelu": run(nn.GELU(), (4, 24)),
    "reflectionPad": run(nn.ReflectionPad2D(1), (2, 4, 3, 4)),
    "bilinear4": init(mx.init.Bilinear(), "upsampling", (2, 1, 4, 4)),
    "bilinear3": init(mx.init.Bilinear(), "upsampling", (1, 1, 3, 3)),
    "lstmBias": init(mx.init.LSTMBias(1.0), "bias", (12,)),
}))
