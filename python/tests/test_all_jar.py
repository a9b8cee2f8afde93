"""Kiln in one jar, in spark-shell and spark-submit as they are in pip's pyspark."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pyspark
import pytest

SPARK = Path(pyspark.__file__).parent
SOURCE = Path(__file__).parents[1] / "src"
LIMIT = 300  # seconds
# Only TwelveMonkeys' reader takes its colours.
CMYK = Path(__file__).parents[2] / "spark-connector/src/test/resources/io/kiln/spark/feed/cmyk.jpg"

SHELL = """
import io.kiln.ml.NetClassifier
import io.kiln.ndarray.NDArray
import io.kiln.nn.{Block, Dense}
import io.kiln.op.activation.Activation
class Twice extends Block {
  private val inner = addChild("inner", new Dense(16, Activation.TANH))
  private val outer = addChild("outer", new Dense(2))
  override def forward(x: NDArray): NDArray = outer.call(inner.call(x))
}
val table = spark.range(400).selectExpr("array(id % 20, id % 7) AS features", "int(id % 20 > 9) AS label").repartition(2)
val learner = new NetClassifier().setNetwork(new Twice).setStandardizeFeatures(true).setLearningRate(0.01).setMaxEpochs(30)
val model = learner.setBatchSize(32).setNumWorkers(2).setSeed(1).fit(table)
println("right: " + (model.transform(table).where("prediction = label").count() > 380))
println("workers: " + model.summary.epochs.get(0).workers.size)
val image = java.nio.file.Files.readAllBytes(java.nio.file.Path.of("@image@"))
println("channels: " + io.kiln.data.file.ImageDecoder.decode(image).channels)
"""

SUBMITTED = """
import kiln
from kiln import nn
from kiln.ml import NetRegressor
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
table = spark.range(200).selectExpr("array(id / 200.0) AS features", "id / 100.0 AS label")
network = nn.Sequential(nn.Dense(8, activation="tanh"), nn.Dense(1))
model = NetRegressor(network=network, learningRate=0.01, maxEpochs=20, seed=1).fit(table)
print("falls:", model.summary.lossHistory[-1] < 0.5 * model.summary.lossHistory[0])
"""


@pytest.fixture(scope="module")
def jar() -> Path:
    given = os.environ.get("KILN_ALL_JAR")
    if not given:
        pytest.skip("KILN_ALL_JAR does not name the jar that `bin/kiln jar` builds")
    return Path(given)


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK_", "PYSPARK_", "KILN_"))}
    return {**kept, "SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, **more}


def in_terminal(command: list[str], text: str) -> tuple[str, str]:
    """Output of a command, and what it shows on its terminal."""
    ours, theirs = pty.openpty()
    shown = bytearray()

    def read() -> None:
        try:
            while part := os.read(ours, 4096):
                shown.extend(part)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    try:
        run = subprocess.run(
            command, input=text.encode(), stdout=subprocess.PIPE, stderr=theirs, env=environment(TERM="xterm"), timeout=LIMIT
        )
    finally:
        os.close(theirs)
        reader.join(LIMIT)
        os.close(ours)
    screen = shown.decode(errors="replace")
    assert run.returncode == 0, screen[-4000:]
    return run.stdout.decode(), screen


def test_a_block_defined_in_spark_shell_trains_and_its_progress_is_shown(jar: Path) -> None:
    command = [SPARK / "bin" / "spark-shell", "--master", "local-cluster[2,1,1024]", "--jars", jar]
    settings = ["spark.ui.enabled=false", "spark.driver.host=127.0.0.1", "spark.executor.memory=768m"]
    text = SHELL.replace("@image@", str(CMYK))
    output, screen = in_terminal([str(c) for c in command] + [a for s in settings for a in ("--conf", s)], text)
    assert "right: true" in output and "workers: 2" in output and "channels: 3" in output, output[-4000:] + screen[-4000:]
    # Elapsed and remaining time, epoch, loss and rate.
    assert re.search(r"fit +\d+% \[[=> ]*\] *\d+/\d+ \(\S+ / \S+\) +epoch +\d+ loss \S+ +\d+k? rows/s", screen), screen[-4000:]


def test_a_python_script_is_submitted_with_the_jar(jar: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SUBMITTED, encoding="utf-8")
    command = [SPARK / "bin" / "spark-submit", "--master", "local[2]", "--jars", jar, "--conf", "spark.ui.enabled=false", script]
    run = subprocess.run(
        command, env=environment(PYTHONPATH=str(SOURCE)), cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT
    )
    assert run.returncode == 0 and "falls: True" in run.stdout, run.stdout[-2000:] + run.stderr[-4000:]


def test_the_jar_keeps_to_its_packages_and_names_the_works_of_others(jar: Path) -> None:
    with zipfile.ZipFile(jar) as file:
        names = file.namelist()
        notices = file.read("META-INF/THIRD-PARTY").decode()
        backends = file.read("META-INF/services/io.kiln.backend.BackendProvider").decode().split()
    classes = {n for n in names if n.endswith(".class") and not n.startswith("META-INF/versions/")}
    ours = re.compile(
        r"io/kiln/|org/apache/spark/ml/|org/bytedeco/|com/sun/jna/|org/jocl/|jcuda/|de/erichseifert/vectorgraphics2d/"
    )
    assert sorted(c for c in classes if not ours.match(c)) == []
    assert len(backends) == 3, backends
    contained = {n.split("/")[3] for n in names if n.endswith("/pom.properties")}
    assert contained
    assert sorted(a for a in contained if not a.startswith("kiln-") and a.split("-natives")[0] not in notices) == []
