"""Networks with named inputs and outputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.errors import IllegalArgumentException
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from kiln import nn
from kiln.ml import MlpClassifier, NetEstimator, NetModel, TextClassifier, TwoTower


@pytest.fixture(scope="module")
def pairs(spark: SparkSession) -> DataFrame:
    """Users who like the items of their own parity."""
    random = np.random.default_rng(3)
    users, items = random.integers(0, 20, 600), random.integers(0, 30, 600)
    rows = [(int(u), int(i), int(u % 2 == i % 2), [int(i)] * int(u % 4)) for u, i in zip(users, items, strict=True)]
    return spark.createDataFrame(rows, "user int, item int, liked int, seen array<int>").coalesce(2).cache()


def network() -> nn.Functional:
    return nn.Functional(
        inputs=["user", "item", "seen", "seen_length"],
        steps=[
            {"name": "u", "block": nn.Embedding(20, 4), "inputs": "user"},
            {"name": "i", "block": nn.Embedding(30, 4), "inputs": "item"},
            {"name": "history", "block": nn.EmbeddingBag(30, 4), "inputs": ["seen", "seen_length"]},
            {"name": "all", "block": nn.Merge.concat(1), "inputs": ["u", "i", "history"]},
            {"name": "hidden", "block": nn.Dense(16, activation="relu"), "inputs": "all"},
            {"name": "likes", "block": nn.Dense(2), "inputs": "hidden"},
        ],
        outputs=["likes"],
    )


def estimator(**params: object) -> NetEstimator:
    return NetEstimator(  # type: ignore[arg-type]
        network=network(),
        inputCols=["user", "item", "seen"],
        targetCols=["liked"],
        losses=["softmaxCrossEntropy"],
        learningRate=0.02,
        batchSize=32,
        seed=3,
        showProgress=False,
        **params,
    )


def test_several_inputs_train_and_any_value_becomes_a_column(pairs: DataFrame, tmp_path: Path) -> None:
    pipeline = Pipeline(stages=[estimator(maxEpochs=15, numWorkers=2)]).fit(pairs)
    pipeline.write().overwrite().save(str(tmp_path / "model"))
    model = PipelineModel.load(str(tmp_path / "model")).stages[0]
    assert isinstance(model, NetModel) and model.getInputCols() == ["user", "item", "seen"]
    assert model.summary.lossHistory[-1] < 0.3 * model.summary.lossHistory[0]
    model.setOutputNames(["argmax(likes)", "u"]).setOutputCols(["prediction", "taste"])
    rows = model.transform(pairs).collect()
    assert np.mean([r.prediction == r.liked for r in rows]) > 0.95 and len(rows[0].taste) == 4


def test_texts_have_a_vocabulary(pairs: DataFrame) -> None:
    texts = pairs.withColumn("item", f.when(f.col("item") < 20, "lamp").otherwise("chair"))
    model = estimator(maxEpochs=1, inputTypes=["", "index", ""]).fit(texts)
    assert model.vocabulary("item") == ["<unk>", "<pad>", "lamp", "chair"] and model.vocabulary("user") == []
    more = pairs.withColumn("item", f.when(f.col("item") < 25, "chair").otherwise("table"))
    further = estimator(maxEpochs=1, inputTypes=["", "index", ""]).continueFit(more, model)
    assert isinstance(further, NetModel) and further.vocabulary("item") == model.vocabulary("item")
    columns: dict[str, Any] = {"textCol": "item", "labelCol": "liked", "maxEpochs": 1, "showProgress": False}
    made = TextClassifier(encoder="cnn", embeddingSize=8, **columns).fit(texts)
    continued = TextClassifier(**columns).continueFit(more, made)
    assert continued.getEncoder() == "cnn" and continued.getEmbeddingSize() == 8 and continued.vocabulary == made.vocabulary
    with pytest.raises(NotImplementedError, match="MlpClassifier makes a new network"):
        MlpClassifier(showProgress=False).continueFit(more, made)
    with pytest.raises(NotImplementedError, match="TwoTower makes a new network for each fit; fit anew with all rows"):
        TwoTower(showProgress=False).continueFit(more, made)
    with pytest.raises(IllegalArgumentException, match='there is no input or column "shop"'):
        model.vocabulary("shop")


def test_faults_name_column_and_input(pairs: DataFrame) -> None:
    texts = pairs.withColumn("item", f.lit("lamp"))
    with pytest.raises(IllegalArgumentException, match='input item: column "item" is of type string'):
        estimator().fit(texts)
    with pytest.raises(IllegalArgumentException, match='targetNames: .*did you mean "likes"'):
        estimator(targetNames=["like"]).fit(pairs)


def test_each_output_has_its_losses_in_the_summary(pairs: DataFrame) -> None:
    held = pairs.withColumn("held", f.col("item") % 3 == 0)
    model = estimator(maxEpochs=1, validationIndicatorCol="held", validationMetric="f1").fit(held)
    (epoch,) = model.summary.epochs
    (head,) = epoch["heads"]
    assert head["output"] == "likes" and head["metric"] == epoch["metric"]
    assert abs(head["trainingLoss"] - epoch["loss"]) <= 1e-5 * epoch["loss"]
    table = model.summary.to_pandas()
    assert list(table["likes.loss"]) == pytest.approx([epoch["loss"]]) and list(table["likes.f1"]) == [epoch["metric"]]
