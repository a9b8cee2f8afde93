"""Regions and boxes by ONNX Runtime (pip install numpy onnx onnxruntime): python3 vision.py > vision.json"""

import json

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

RANDOM = np.random.default_rng(7)


def run(op, inputs, output_type, **attributes):
    types = {np.dtype("float32"): TensorProto.FLOAT, np.dtype("int64"): TensorProto.INT64}
    names = [f"x{i}" for i in range(len(inputs))]
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], **attributes)],
        op,
        [helper.make_tensor_value_info(n, types[x.dtype], x.shape) for n, x in zip(names, inputs)],
        [helper.make_tensor_value_info("y", output_type, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names, inputs)))[0]


def numbers(array):
    return [round(float(v), 6) for v in np.ravel(array)]


def regions(height, width, scale, samples, aligned):
    x = RANDOM.uniform(-2, 2, (2, 3, 9, 11)).round(2).astype(np.float32)
    boxes = np.array([[1.2, 0.4, 7.7, 6.9], [-3, 2, 5.5, 40], [4, 4, 4.2, 4.3], [0, 0, 20, 16]], np.float32)
    images = np.array([1, 0, 1, 0], np.int64)
    y = run(
        "RoiAlign",
        [x, boxes, images],
        TensorProto.FLOAT,
        mode="avg",
        output_height=height,
        output_width=width,
        sampling_ratio=samples,
        spatial_scale=scale,
        coordinate_transformation_mode="half_pixel" if aligned else "output_half_pixel",
    )
    return {
        "height": height,
        "width": width,
        "scale": scale,
        "samples": samples,
        "aligned": aligned,
        "x": numbers(x),
        "roi": numbers(np.concatenate([images[:, None], boxes], 1)),
        "y": numbers(y),
    }


def suppression(overlap, threshold, count):
    batch, n = 2, 40
    corner = RANDOM.uniform(0, 10, (batch, n, 2)).round(2)
    box = np.concatenate([corner, corner + RANDOM.uniform(1, 6, (batch, n, 2)).round(2)], 2).astype(np.float32)
    score = RANDOM.permutation(batch * n).reshape(batch, 1, n).astype(np.float32) / (batch * n)
    kept = run(
        "NonMaxSuppression",
        [box[..., [1, 0, 3, 2]].copy(), score, np.array([count]), np.array([overlap], np.float32),
         np.array([threshold], np.float32)],
        TensorProto.INT64,
    )
    index = np.full((batch, count), -1)
    for b in range(batch):
        mine = kept[kept[:, 0] == b][:, 2]
        index[b, : len(mine)] = mine
    return {
        "overlap": overlap,
        "threshold": threshold,
        "count": count,
        "box": numbers(box),
        "score": numbers(score),
        "index": numbers(index),
    }


print(
    json.dumps(
        {
            "regions": [
                regions(2, 3, 0.5, 2, False),
                regions(3, 3, 1.0, 0, True),
                regions(2, 2, 1.0, 3, True),
                regions(4, 2, 0.25, 0, False),
            ],
            "suppression": [suppression(0.3, 0.2, 12), suppression(0.5, 0.0, 30), suppression(0.0, 0.5, 5)],
        }
    )
)
