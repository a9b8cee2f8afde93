"""Kiln over Spark Connect. It runs in a process of its own: a process that had a classic session cannot have a remote one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark import SparkContext
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.evaluation import MulticlassClassificationEvaluator, RegressionEvaluator
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.linalg import Vectors
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.utils import is_remote

import kiln
from kiln import nn
from kiln.ml import (
    ImageClassifier,
    MlpClassifier,
    MlpRegressor,
    NetClassificationModel,
    NetClassifier,
    NetEstimator,
    NetModel,
    NetRanker,
    NetRankingEvaluator,
    NetRegressionModel,
    NetRegressor,
    NeuralCF,
    SequenceForecaster,
    TextClassifier,
    TrainingSummary,
    TwoTower,
    WideAndDeepClassifier,
    WideAndDeepRegressor,
)

NETWORK = nn.Sequential(nn.Dense(16, activation="tanh"), nn.Dense(2))


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    builder = SparkSession.builder.appName("kiln-connect").remote("local[2]")
    classes = os.environ.get("KILN_CLASSPATH")
    conf = {"spark.driver.extraClassPath": classes} if classes else {"spark.jars": ",".join(kiln.jars())}
    for key, value in {**conf, "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1"}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def rings(spark: SparkSession) -> DataFrame:
    """Points inside (0) and outside (1) a circle that holds half of them."""
    x = np.random.default_rng(7).uniform(-1, 1, (400, 2))
    rows = [(float(a), float(b), float(a * a + b * b > 2 / np.pi), float(a * a + b * b)) for a, b in x]
    frame = spark.createDataFrame(rows, ["a", "b", "label", "square"])
    return VectorAssembler(inputCols=["a", "b"], outputCol="features").transform(frame)


@pytest.fixture(scope="module")
def model(rings: DataFrame) -> NetClassificationModel:
    assert is_remote()
    classifier = NetClassifier(network=NETWORK, learningRate=0.03, seed=3, maxEpochs=20, batchSize=32, numWorkers=2)
    return classifier.fit(rings)


def test_a_classifier_learns_and_tells_how(model: NetClassificationModel, rings: DataFrame) -> None:
    assert MulticlassClassificationEvaluator(metricName="accuracy").evaluate(model.transform(rings)) > 0.93
    assert model.numClasses == 2 and model.numFeatures == 2
    assert model.hasSummary
    losses = model.summary.lossHistory
    assert len(losses) == 20 and losses[-1] < losses[0]
    assert list(model.summary.to_pandas()["epoch"]) == list(range(1, 21))


def test_vectors_and_arrays_are_predicted(model: NetClassificationModel, rings: DataFrame) -> None:
    assert model.predict(Vectors.dense(0.0, 0.1)) == 0 and model.predict(Vectors.dense(0.9, 0.9)) == 1
    rows = model.transform(rings).select("features", "probability", "prediction").collect()
    x = np.array([r.features.toArray() for r in rows])
    np.testing.assert_array_equal(model.predict(x), [r.prediction for r in rows])
    np.testing.assert_allclose(model.predictProbability(x), [r.probability.toArray() for r in rows], rtol=1e-6)
    with pytest.raises(ValueError, match=r"expected an array of shape \[rows, 2\], got \(3, 4\)"):
        model.predict(np.zeros((3, 4)))


def test_a_model_is_saved_with_its_whole_summary(model: NetClassificationModel, rings: DataFrame, tmp_path: Path) -> None:
    path = str(tmp_path / "model")
    model.write().overwrite().save(path)
    again = NetClassificationModel.load(path)
    assert isinstance(again, NetClassificationModel) and again.getBatchSize() == 32
    assert again.transform(rings).select("probability").collect() == model.transform(rings).select("probability").collect()
    saved = TrainingSummary.load(path)
    assert saved.lossHistory == model.summary.lossHistory == again.summary.lossHistory
    assert len(saved.epochs[0]["workers"]) == 2 and saved.record["provenance"]["seed"] == 3


# A value other than the default for each Param of the estimators.
VALUES: dict[str, Any] = {
    "backbone": "lenet", "batchSize": 20, "beamWidth": 3, "checkpointDir": "/tmp/elsewhere", "checkpointInterval": 2,
    "decoderInput": "y", "startToken": 1, "endToken": 2, "maxDecodedLength": 12,
    "categoricalCols": ["c", "d"], "classWeights": [1.0, 2.0], "crossBuckets": 50, "crossedCols": ["c:d"],
    "coldStartStrategy": "drop", "coresPerWorker": 1, "device": "cpu", "dropout": 0.25, "earlyStoppingPatience": 3,
    "embeddingSize": 24, "emaDecay": 0.5, "swaStart": 3, "encoder": "lstm", "featuresCol": "f", "featuresCols": ["a", "b"],
    "frozen": ["0.*"],
    "gradientAccumulation": 2, "gradientClipNorm": 2.5,
    "groupCol": "g", "k": 3, "maxListLength": 8,
    "gradientClipValue": 1.5, "handleInvalid": "keep", "hashed": True, "heartbeatTimeout": 7.5, "hiddenLayers": [7, 5],
    "hiddenSize": 6, "horizon": 2, "ignoredLabel": -1, "imageCol": "im", "imageShape": [1, 20, 20],
    "imageDeviation": [0.5], "imageFit": "stretch", "imageMean": [0.25], "imageTransforms": ["flipHorizontally"],
    "initialModel": "/tmp/model", "inputCols": ["a", "b"], "inputNames": ["x", "y"], "inputScale": 0.5,
    "inputScales": [0.5, 1.0], "inputShape": [2], "inputTypes": ["", "int32[-1]"], "itemCol": "i", "keyCol": "k",
    "kvStoreType": "local",
    "labelCol": "l", "labelSmoothing": 0.125, "layers": [4, 3, 2], "learningRate": 0.5, "learningRateFactors": ["0.*=0.5"],
    "learningRateSchedule": '{"cosineDecay":{"rate":0.1,"steps":10,"finalRate":0.01}}', "lengthBuckets": [4, 8],
    "loss": "softmaxCrossEntropy", "lossWeights": [2.0], "losses": ["l1"], "maxCategories": 9, "maxEpochs": 3, "maxLength": 9,
    "maxResubmissions": 1, "memoryBudget": 1 << 40, "mixup": 0.25, "negativeSamples": 2, "network": NETWORK.to_json(),
    "numWorkers": 1,
    "numericCols": ["a", "b"],
    "optimizer": "sgd", "outputCols": ["o"], "outputNames": ["softmax(output)"], "precision": "bfloat16",
    "predictionBatchSize": 9, "predictionCol": "p", "probabilityCol": "pr", "rank": 5, "ratingCol": "stars",
    "rawPredictionCol": "r", "reinitialized": ["2.*"], "seed": 1 << 40, "showProgress": False, "shuffle": False,
    "snapshotInterval": 4, "standardizeFeatures": True, "standardizeInputs": ["x"], "standardizeTarget": True,
    "storageLevel": "DISK_ONLY", "summaryDir": "/tmp/events", "targetCol": "y", "targetCols": ["t"],
    "targetNames": ["output"],
    "thresholds": [0.3, 0.7], "textCol": "tx", "timeCol": "ti", "timeout": 60, "tokens": "characters",
    "trainable": ["2.*"], "userCol": "u", "validationIndicatorCol": "v",
    "validationMetric": "accuracy", "valueCols": ["z"],
    "vocabularySize": 30, "weightCol": "w", "weightDecay": 0.25, "window": 5,
}  # fmt: skip


STAGES = [
    NetClassifier, NetRegressor, NetEstimator, NetRanker, MlpClassifier, MlpRegressor, TwoTower, NeuralCF,
    WideAndDeepClassifier, WideAndDeepRegressor, TextClassifier, ImageClassifier, SequenceForecaster,
]  # fmt: skip


@pytest.mark.parametrize("kind", STAGES)
def test_every_param_crosses(spark: SparkSession, kind: Any, tmp_path: Path) -> None:
    values = {p.name: VALUES[p.name] for p in kind().params}
    if kind in (NetRegressor, MlpRegressor, WideAndDeepRegressor):
        values |= {"loss": "l1", "validationMetric": "mae"}
    if kind is NetRanker:
        values |= {"loss": "listNet", "validationMetric": "map", "standardizeFeatures": False}
    path = str(tmp_path / "estimator")
    kind()._set(**values).write().save(path)
    again = kind.load(path)
    crossed = {p.name: again.getOrDefault(p) for p in again.params}
    if "network" in values:
        assert json.loads(crossed.pop("network")) == json.loads(values.pop("network"))
    assert crossed == values


def test_a_regressor_learns_and_is_loaded_again(rings: DataFrame, tmp_path: Path) -> None:
    network = nn.Sequential(nn.Dense(16, activation="tanh"), nn.Dense(1))
    NetRegressor(network=network, labelCol="square", learningRate=0.03, seed=3, maxEpochs=20, batchSize=32).save(
        str(tmp_path / "estimator")
    )
    model = NetRegressor.load(str(tmp_path / "estimator")).fit(rings)
    predicted = model.transform(rings)
    assert RegressionEvaluator(labelCol="square", metricName="r2").evaluate(predicted) > 0.9
    model.save(str(tmp_path / "model"))
    again = NetRegressionModel.load(str(tmp_path / "model"))
    assert again.transform(rings).select("prediction").collect() == predicted.select("prediction").collect()


def test_a_ranker_learns_and_is_judged(spark: SparkSession) -> None:
    draw = np.random.default_rng(2)
    rows = [(f"q{q}", [float(x), float(draw.normal())], float(x > 0)) for q in range(40) for x in draw.normal(size=5)]
    lists = spark.createDataFrame(rows, ["group", "features", "label"])
    judge = NetRankingEvaluator(k=3)
    model = NetRanker(network=nn.Sequential(nn.Dense(1)), learningRate=0.05, maxEpochs=15, batchSize=8, seed=1).fit(lists)
    assert judge.isLargerBetter() and judge.evaluate(model.transform(lists)) > 0.97
    assert judge.evaluate(model.transform(lists), {judge.metricName: "map"}) > 0.97
    with pytest.raises(NotImplementedError, match="TextClassifier does not continue over Spark Connect"):
        TextClassifier().continueFit(lists, model)


def test_pipelines_and_cross_validation(rings: DataFrame, tmp_path: Path) -> None:
    scaler = StandardScaler(inputCol="features", outputCol="scaled")
    classifier = NetClassifier(network=NETWORK, featuresCol="scaled", maxEpochs=8, batchSize=32, seed=3)
    pipeline = Pipeline(stages=[scaler, classifier])
    grid = ParamGridBuilder().addGrid(classifier.learningRate, [1e-6, 0.03]).build()
    search = CrossValidator(
        estimator=pipeline, estimatorParamMaps=grid, evaluator=MulticlassClassificationEvaluator(), numFolds=2, seed=1
    )
    best = search.fit(rings)
    assert best.avgMetrics[1] > best.avgMetrics[0]
    best.bestModel.write().overwrite().save(str(tmp_path / "best"))
    again = PipelineModel.load(str(tmp_path / "best"))
    assert isinstance(again.stages[1], NetClassificationModel)
    expected = best.bestModel.transform(rings).select("prediction").collect()
    assert again.transform(rings).select("prediction").collect() == expected


def test_what_needs_a_jvm_says_so(model: NetClassificationModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SparkContext, "_active_spark_context", None)  # that of the server, which these tests start themselves
    with pytest.raises(RuntimeError, match="Spark Connect has no JVM beside this process"):
        NETWORK.summary([2])
    with pytest.raises(NotImplementedError, match="save the model"):
        _ = model.graph
    with pytest.raises(Exception, match="Dens"):
        NetClassifier(network='[{"Dens": {"units": 2}}]').save("/tmp/never")


def test_several_inputs_and_outputs_are_named_by_arrays(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(i % 5, [i % 7] * (i % 3), float(i % 5 > 2)) for i in range(200)]
    frame = spark.createDataFrame(rows, "user int, seen array<int>, label double")
    network = nn.Functional(
        inputs=["user", "seen", "seen_mask"],
        steps=[
            {"name": "u", "block": nn.Embedding(5, 4), "inputs": "user"},
            {"name": "s", "block": nn.EmbeddingBag(7, 4), "inputs": ["seen", "seen_mask"]},
            {"name": "both", "block": nn.Merge.concat(1), "inputs": ["u", "s"]},
            {"name": "score", "block": nn.Dense(2), "inputs": "both"},
        ],
        outputs=["score"],
    )
    estimator = NetEstimator(
        network=network,
        inputCols=["user", "seen"],
        inputNames=["user", "seen"],
        targetCols=["label"],
        losses=["softmaxCrossEntropy"],
        lossWeights=[2.0],
        lengthBuckets=[2, 4],
        learningRate=0.05,
        batchSize=32,
        maxEpochs=15,
    )
    model = estimator.fit(frame)
    model.setOutputNames(["argmax(score)", "u"]).setOutputCols(["prediction", "vector"])
    model.write().overwrite().save(str(tmp_path / "model"))
    found = NetModel.load(str(tmp_path / "model")).transform(frame).collect()
    assert all(r.prediction == r.label for r in found) and len(found[0].vector) == 4
