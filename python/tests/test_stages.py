from pathlib import Path

import numpy as np
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.evaluation import BinaryClassificationEvaluator, MulticlassClassificationEvaluator, RegressionEvaluator
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.linalg import Vectors
from pyspark.ml.tuning import CrossValidator, CrossValidatorModel, ParamGridBuilder
from pyspark.sql import DataFrame, SparkSession

from kiln import nn
from kiln.ml import NetClassificationModel, NetClassifier, NetRegressionModel, NetRegressor


@pytest.fixture(scope="module")
def rings(spark: SparkSession) -> DataFrame:
    """Points inside (0) and outside (1) a circle that holds half of them."""
    x = np.random.default_rng(7).uniform(-1, 1, (600, 2))
    rows = [(float(a), float(b), float(a * a + b * b > 2 / np.pi), float(a * a + b * b)) for a, b in x]
    frame = spark.createDataFrame(rows, ["a", "b", "label", "square"])
    return VectorAssembler(inputCols=["a", "b"], outputCol="features").transform(frame).coalesce(2).cache()


def classifier(**params: object) -> NetClassifier:
    network = nn.Sequential(nn.Dense(16, activation="tanh"), nn.Dense(2))
    return NetClassifier(network=network, learningRate=0.03, seed=3, showProgress=False, **params)  # type: ignore[arg-type]


def test_a_classifier_learns_and_tells_how(rings: DataFrame) -> None:
    model = classifier(maxEpochs=30, batchSize=32, numWorkers=2).fit(rings)
    assert isinstance(model, NetClassificationModel)
    predicted = model.transform(rings)
    assert MulticlassClassificationEvaluator(metricName="accuracy").evaluate(predicted) > 0.95
    assert BinaryClassificationEvaluator().evaluate(predicted) > 0.98
    assert model.predict(Vectors.dense(0.0, 0.1)) == 0 and model.predict(Vectors.dense(0.9, 0.9)) == 1
    assert model.numClasses == 2 and model.numFeatures == 2 and model.getBatchSize() == 32
    summary = model.summary
    assert len(summary.epochs) == 30 and summary.lossHistory[-1] < summary.lossHistory[0]
    assert list(summary.to_pandas()["loss"]) == summary.lossHistory


def test_predictions_of_numpy_rows_are_those_of_transform(rings: DataFrame) -> None:
    model = classifier(maxEpochs=2).fit(rings)
    rows = model.transform(rings).select("features", "probability", "prediction").collect()
    x = np.array([r.features.toArray() for r in rows])
    np.testing.assert_array_equal(model.predict(x), [r.prediction for r in rows])
    np.testing.assert_allclose(model.predictProbability(x), [r.probability.toArray() for r in rows], rtol=1e-6)
    with pytest.raises(ValueError, match=r"expected an array of shape \[rows, 2\], got \(3, 4\)"):
        model.predict(np.zeros((3, 4)))


def test_a_regressor_learns_and_is_loaded_again(rings: DataFrame, tmp_path: Path) -> None:
    network = nn.Sequential(nn.Dense(16, activation="tanh"), nn.Dense(1))
    regressor = NetRegressor(network=network, labelCol="square", learningRate=0.03, seed=3, maxEpochs=30, batchSize=32)
    model = regressor.fit(rings)
    predicted = model.transform(rings)
    assert RegressionEvaluator(labelCol="square", metricName="r2").evaluate(predicted) > 0.95
    model.write().overwrite().save(str(tmp_path / "model"))
    again = NetRegressionModel.load(str(tmp_path / "model"))
    assert again.transform(rings).select("prediction").collect() == predicted.select("prediction").collect()
    assert again.summary.lossHistory == model.summary.lossHistory and again.getLabelCol() == "square"
    np.testing.assert_allclose(again.predict(np.array([[0.0, 0.5]])), [again.predict(Vectors.dense(0.0, 0.5))])


def test_pipelines_saved_by_the_jvm_are_loaded_by_python(rings: DataFrame, tmp_path: Path) -> None:
    scaler = StandardScaler(inputCol="features", outputCol="scaled")
    pipeline = Pipeline(stages=[scaler, classifier(featuresCol="scaled", maxEpochs=2, inputShape=[2])])
    pipeline.write().overwrite().save(str(tmp_path / "pipeline"))
    model = Pipeline.load(str(tmp_path / "pipeline")).fit(rings)
    model.write().overwrite().save(str(tmp_path / "model"))
    again = PipelineModel.load(str(tmp_path / "model"))
    assert isinstance(again.stages[1], NetClassificationModel)
    assert again.transform(rings).select("probability").collect() == model.transform(rings).select("probability").collect()


def test_cross_validation_chooses_among_learning_rates(rings: DataFrame, tmp_path: Path) -> None:
    estimator = classifier(maxEpochs=15, batchSize=32, inputShape=[2])
    grid = ParamGridBuilder().addGrid(estimator.learningRate, [1e-6, 0.03]).build()
    search = CrossValidator(
        estimator=estimator, estimatorParamMaps=grid, evaluator=MulticlassClassificationEvaluator(), numFolds=2, seed=1
    )
    best = search.fit(rings)
    assert best.avgMetrics[1] > 0.8 > best.avgMetrics[0]
    best.write().overwrite().save(str(tmp_path / "search"))
    again = CrossValidatorModel.load(str(tmp_path / "search"))
    assert again.bestModel.getLearningRate() == 0.03


def test_params_are_those_of_the_jvm(spark: SparkSession) -> None:
    estimator = classifier()
    assert estimator.getOptimizer() == "adam" and estimator.getMaxResubmissions() == 3
    assert estimator.setOptimizer("sgd").getOptimizer() == "sgd"
    assert estimator.copy({estimator.optimizer: "adamW"}).getOptimizer() == "adamW"
    assert "matrix products" in estimator.explainParam("precision")
    with pytest.raises(TypeError, match="expected a layer of kiln.nn or JSON, got int"):
        estimator.setNetwork(3)  # type: ignore[arg-type]


def test_what_the_jvm_refuses_is_an_error_in_python(rings: DataFrame) -> None:
    with pytest.raises(Exception, match="did you mean"):
        classifier(loss="softmaxCrossEntropi").fit(rings)
    with pytest.raises(Exception, match="no network to train; call setNetwork"):
        NetClassifier().fit(rings)


def test_warm_start_and_graphs_as_json(rings: DataFrame) -> None:
    model = classifier(maxEpochs=2).fit(rings)
    again = NetClassifier(network=model.graph, maxEpochs=1, seed=3).fit(rings)
    assert again.numClasses == 2
