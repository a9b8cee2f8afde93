import json

import pytest
from pyspark.sql import SparkSession

import generate
from kiln import nn


def test_generated_files_are_what_the_jvm_says(spark: SparkSession) -> None:
    jvm = spark.sparkContext._jvm
    assert generate.formatted(generate.layers(jvm), generate.LAYERS) == generate.LAYERS.read_text(encoding="utf-8")
    assert generate.formatted(generate.estimators(jvm), generate.ESTIMATORS) == generate.ESTIMATORS.read_text(encoding="utf-8")


def test_json_has_the_names_of_java() -> None:
    network = nn.Sequential(
        nn.Conv2D(channels=8, kernel=(3, 5), weight_initializer={"normal": {"sigma": 0.01}}),
        nn.Pool.max2d(2, stride=2, ceil_mode=True),
        nn.Flatten(),
        nn.Residual(body=nn.Sequential(nn.Dense(4, activation="relu"), nn.Dense(4, use_bias=False))),
    )
    assert json.loads(network.to_json()) == {
        "Sequential": [
            {"Conv2D": {"channels": 8, "kernel": [3, 5], "weightInitializer": {"normal": {"sigma": 0.01}}}},
            {"Pool.max2D": {"kernel": 2, "stride": 2, "ceilMode": True}},
            {"Flatten": {}},
            {
                "Residual": {
                    "body": {
                        "Sequential": [
                            {"Dense": {"units": 4, "activation": "relu"}},
                            {"Dense": {"units": 4, "useBias": False}},
                        ]
                    }
                }
            },
        ]
    }


def test_summary_counts_parameters(spark: SparkSession) -> None:
    text = nn.Sequential(nn.Dense(16, activation="relu"), nn.Dense(3)).summary([4])
    assert "131" in text, text


def test_zoo_networks_and_settings_are_made_by_the_jvm(spark: SparkSession) -> None:
    assert "11,181,642" in nn.ResNet.v1(layers=18, classes=10).summary([3, 32, 32])
    encoder = nn.TransformerEncoder(count=2, settings={"size": 16, "heads": 4, "hidden": 32})
    assert encoder.summary([5, 16])


def test_a_mistake_is_told_with_its_place(spark: SparkSession) -> None:
    with pytest.raises(Exception, match=r"network\.Sequential\.blocks\[1\]\.Dense: dense: units must be >= 1, got 0"):
        nn.Sequential(nn.Flatten(), nn.Dense(0)).summary([4])


def test_notebooks_show_a_layer_per_line() -> None:
    network = nn.Sequential(nn.Dense(2), nn.Residual(body=nn.Dense(2)))
    assert network._repr_html_() == ("<pre>Sequential(\n  Dense(units=2),\n  Residual(\n    body=Dense(units=2)))</pre>")
    assert repr(network) == "Sequential(Dense(units=2), Residual(body=Dense(units=2)))"
