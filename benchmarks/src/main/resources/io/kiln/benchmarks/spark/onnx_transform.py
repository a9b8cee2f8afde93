"""ONNX Runtime in mapInArrow: a contender of `bin/kiln bench transform-…`, told what to do by OnnxTransform.

Each order is a line `step` on standard input, answered by a line `check <number>`; the first line, unasked, is
`facts <versions>`.
"""

import builtins
import json
import sys

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
from onnx import TensorProto, helper, numpy_helper
from pyspark.sql import SparkSession
from safetensors.numpy import load_file


class Net:
    """Nodes and weights of a graph whose input is `x` and whose output is `y`."""

    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def add(self, kind: str, inputs: list[str], output: str | None = None, domain: str = "", **attributes) -> str:
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = np.ascontiguousarray(value)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def transposed(self, name: str) -> str:
        return self.constant(name + "_t", self.weights[name].T)

    def dense(self, x: str, name: str, bias: str, output: str | None = None) -> str:
        return self.add("Gemm", [x, self.weight(name), self.weight(bias)], output, transB=1)

    def model(self, input_type: int, row: list[int]) -> bytes:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", input_type, ["n", *row])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", None])],
            [numpy_helper.from_array(v, n) for n, v in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def mlp(net: Net) -> bytes:
    h = net.add("Relu", [net.dense("x", "layer0_weight", "layer0_bias")])
    h = net.add("Relu", [net.dense(h, "layer2_weight", "layer2_bias")])
    net.dense(h, "layer4_weight", "layer4_bias", "y")
    return net.model(TensorProto.FLOAT, [784])


def resnet18(net: Net) -> bytes:
    def conv(x: str, name: str, stride: int) -> str:
        kernel = net.weights[name + "_weight"].shape[2]
        pad = kernel // 2
        return net.add("Conv", [x, net.weight(name + "_weight")], strides=[stride] * 2, pads=[pad] * 4)

    def norm(x: str, name: str) -> str:
        channels = net.weights[name + "_gamma"].shape
        mean = net.constant(name + "_mean", np.zeros(channels, np.float32))
        var = net.constant(name + "_var", np.ones(channels, np.float32))
        return net.add(
            "BatchNormalization", [x, net.weight(name + "_gamma"), net.weight(name + "_beta"), mean, var], epsilon=1e-5
        )

    y = net.add("Relu", [norm(conv("x", "layer0", 1), "layer1")])
    for block in range(8):
        name = f"layer{3 + block}"
        stride = 2 if block in (2, 4, 6) else 1
        body = net.add("Relu", [norm(conv(y, f"{name}_body0", stride), f"{name}_body1")])
        body = norm(conv(body, f"{name}_body3", 1), f"{name}_body4")
        if stride == 2:
            y = norm(conv(y, f"{name}_shortcut0", stride), f"{name}_shortcut1")
        y = net.add("Relu", [net.add("Add", [body, y])])
    y = net.add("Flatten", [net.add("GlobalAveragePool", [y])])
    net.dense(y, "layer13_weight", "layer13_bias", "y")
    return net.model(TensorProto.FLOAT, [3, 32, 32])


def minilm(net: Net) -> bytes:
    heads = 12

    def linear(x: str, name: str) -> str:
        return net.add("Add", [net.add("MatMul", [x, net.transposed(name)]), net.weight(name + "_bias")])

    def norm(x: str, name: str) -> str:
        return net.add(
            "LayerNormalization", [x, net.weight(name + "_gamma"), net.weight(name + "_beta")], axis=-1, epsilon=1e-5
        )

    y = norm(net.add("Add", [net.add("Gather", [net.weight("words"), "x"]), net.weight("positions")]), "norm")
    for i in range(6):
        # ONNX Runtime's own fused attention, as its optimizer for transformers makes it.
        weight = net.constant(f"qkv{i}", np.concatenate([net.weights[f"{p}{i}"].T for p in ("query", "key", "value")], 1))
        bias = net.constant(f"qkv_bias{i}", np.concatenate([net.weights[f"{p}{i}_bias"] for p in ("query", "key", "value")]))
        attended = net.add("Attention", [y, weight, bias], domain="com.microsoft", num_heads=heads)
        y = norm(net.add("Add", [y, linear(attended, f"joined{i}")]), f"norm1_{i}")
        inner = net.add("MatMul", [y, net.transposed(f"inner{i}")])
        inner = net.add("BiasGelu", [inner, net.weight(f"inner{i}_bias")], domain="com.microsoft")
        y = norm(net.add("Add", [y, linear(inner, f"outer{i}")]), f"norm2_{i}")
    net.add("ReduceMean", [y, net.constant("axes", np.array([1], np.int64))], "y", keepdims=0)
    return net.model(TensorProto.INT32, [128])


def main() -> None:
    told = json.loads(sys.argv[1])
    weights = {n: v.astype(np.float32) for n, v in load_file(told["weights"]).items()}
    model = {"MLP": mlp, "RESNET18": resnet18, "MINILM": minilm}[told["model"]](Net(weights))
    row = {"MLP": [784], "RESNET18": [3, 32, 32], "MINILM": [128]}[told["model"]]
    spark = (
        SparkSession.builder.master(f"local[{told['threads']}]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "3g")
        .config("spark.ui.enabled", "false")
        .config("spark.local.dir", told["scratch"])
        .config("spark.sql.warehouse.dir", told["scratch"] + "/warehouse")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", told["batch"])
        .getOrCreate()
    )
    frame = spark.range(0, told["rows"], 1, told["threads"]).selectExpr(told["column"]).cache()
    frame.count()
    sent = spark.sparkContext.broadcast(model)

    def apply(batches):
        # Python workers are used again, and with this so is the session.
        session = getattr(builtins, "kiln_bench_session", None)
        if session is None:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            session = onnxruntime.InferenceSession(sent.value, options, providers=["CPUExecutionProvider"])
            builtins.kiln_bench_session = session
        for batch in batches:
            x = batch.column(0).flatten().to_numpy(zero_copy_only=True).reshape(-1, *row)
            y = session.run(None, {"x": x})[0]
            ends = np.arange(0, y.size + 1, y.shape[1], dtype=np.int32)
            yield pa.RecordBatch.from_arrays([pa.ListArray.from_arrays(ends, y.ravel())], names=["y"])

    versions = f"ONNX Runtime {onnxruntime.__version__}, mapInArrow, Spark {spark.version}"
    print(f"facts {versions}", flush=True)
    for line in sys.stdin:
        if line.strip() == "step":
            made = frame.mapInArrow(apply, "y array<float>")
            print(f"check {made.selectExpr(told['check']).first()[0]!r}", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
