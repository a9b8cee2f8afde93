import numpy as np
import pytest
from pyspark.sql import SparkSession

import kiln
from kiln import _notebook, nn
from kiln.ml import NetRegressor


def test_a_summary_is_a_table_in_notebooks_and_text_elsewhere(spark: SparkSession) -> None:
    summary = nn.Sequential(nn.Dense(16, activation="relu"), nn.Dense(3)).summary([4])
    assert summary.splitlines()[0].split() == ["layer", "type", "output", "parameters", "FLOPs"]
    assert summary._repr_html_().startswith("<table") and "131 parameters are trained" in summary._repr_html_()


def test_a_diagram_is_a_drawing_in_notebooks_and_mermaid_elsewhere(spark: SparkSession) -> None:
    diagram = nn.Sequential(nn.Dense(16), nn.Dense(3)).diagram([4])
    assert diagram.startswith("flowchart TD") and "<svg" in diagram._repr_html_()


def test_a_confusion_matrix_counts(spark: SparkSession) -> None:
    rows = [(0, 0.0)] * 5 + [(0, 1.0)] * 2 + [(1, 1.0)] * 3 + [(None, 1.0)]
    frame = spark.createDataFrame(rows, "label int, prediction double")
    matrix = kiln.confusion_matrix(frame)
    cells = [line.split() for line in matrix.splitlines()[1:]]
    assert cells == [["0", "5", "2", "71.4", "%"], ["1", "·", "3", "100.0", "%"]]
    assert "accuracy 0.8000" in matrix._repr_html_()
    with pytest.raises(Exception, match="column label: expected classes 0 to 999, got 0.5"):
        kiln.confusion_matrix(frame.selectExpr("0.5 AS label", "prediction"))


def test_images_are_embedded_with_their_captions(spark: SparkSession) -> None:
    sheet = kiln.images(np.eye(4)[None].repeat(2, axis=0), ["a < b", "two"])
    assert sheet == "2 images: a < b, two"
    assert sheet._repr_html_().count("data:image/png;base64,") == 2 and "a &lt; b" in sheet._repr_html_()
    with pytest.raises(ValueError, match=r"expected an array of shape \[1, height, width\] for the captions, got \(2, 4, 4\)"):
        kiln.images(np.zeros((2, 4, 4)), ["one"])


def test_show_prints_text_where_there_is_no_notebook(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    kiln.show(kiln.images(np.zeros((1, 2, 2)), ["blank"]))
    assert capsys.readouterr().out == "1 images: blank\n"


def test_progress_leaves_a_listener_of_the_jvm_in_place(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_notebook, "in_notebook", lambda: True)
    table = spark.range(40).selectExpr("array(id / 40.0) AS features", "double(id) AS label").coalesce(1)
    regressor = NetRegressor(network=nn.Dense(1), maxEpochs=3, numWorkers=1)
    listener = spark.sparkContext._jvm.io.kiln.spark.notebook.FitWatch()  # type: ignore[union-attr]
    regressor._java_obj.setEpochListener(listener)
    for fits in (1, 2):
        regressor.fit(table)
        assert listener.epochs() == 3 * fits
        assert regressor._java_obj.epochListener().equals(listener)
