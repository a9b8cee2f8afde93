"""Files of ``summaryDir``, read by TensorBoard itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from kiln import nn
from kiln.ml import NetRegressor

EPOCHS = 4
STEPS = 8


def test_tensorboard_reads_losses_histograms_and_the_graph(spark: SparkSession, tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(size=(160, 3))
    data = [(Vectors.dense(r), float(r.sum()), bool(i % 5 == 0)) for i, r in enumerate(x)]
    frame = spark.createDataFrame(data, ["features", "label", "held"])
    regressor = NetRegressor(
        network=nn.Sequential(nn.Dense(8, activation="tanh"), nn.Dense(1)),
        validationIndicatorCol="held",
        maxEpochs=EPOCHS,
        batchSize=16,
        numWorkers=2,
        summaryDir=f"file://{tmp_path}/runs",
    )
    model = regressor.fit(frame)
    regressor.fit(frame)
    runs = sorted((tmp_path / "runs").iterdir())
    assert len(runs) == 2 and all(r.name.startswith(regressor.uid + "-") for r in runs)
    first = min(runs, key=lambda r: next(r.iterdir()).stat().st_mtime)

    read = EventAccumulator(str(first), size_guidance={"scalars": 0, "histograms": 0}).Reload()
    tags = read.Tags()
    assert {"loss/training", "loss/validation", "loss/step", "speed/rows per second"} <= set(tags["scalars"])
    loss = read.Scalars("loss/training")
    assert [e.step for e in loss] == [STEPS * (e + 1) for e in range(EPOCHS)]
    assert [e.value for e in loss] == pytest.approx(model.summary.lossHistory)
    assert [e.step for e in read.Scalars("loss/step")] == list(range(1, EPOCHS * STEPS + 1))
    assert all(e.wall_time > 1.7e9 for e in loss)

    assert {"weights/0.weight", "weights/1.bias", "gradients/0.weight", "gradients/1.bias"} <= set(tags["histograms"])
    weights = read.Histograms("weights/0.weight")
    assert [e.step for e in weights] == [e.step for e in loss]
    last = weights[-1].histogram_value
    assert last.num == 24 and sum(last.bucket) == 24 and last.min < 0 < last.max
    assert last.sum_squares / last.num < 4 and last.bucket_limit[-1] == last.max
    assert any(e.histogram_value.num and e.histogram_value.sum_squares > 0 for e in read.Histograms("gradients/0.weight"))

    graph = read.Graph()
    names = {n.name: n for n in graph.node}
    assert len(names) == len(graph.node) and {"0/weight", "1/bias"} <= set(names)
    assert all(i.split(":")[0] in names for n in graph.node for i in n.input)
    shape = names["0/weight"].attr["_output_shapes"].list.shape[0]
    assert sorted(d.size for d in shape.dim) == [3, 8]
