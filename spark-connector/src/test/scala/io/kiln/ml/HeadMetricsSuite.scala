package io.kiln.ml

import io.kiln.nn.{Dense, Functional}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.evaluation.RegressionEvaluator
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sql.DataFrame

import java.nio.file.{Files, Path}
import scala.jdk.CollectionConverters._
import scala.util.Random

/** Losses and metrics of each of several outputs. */
class HeadMetricsSuite extends SparkSuite {
  import spark.implicits._

  private lazy val points: DataFrame = {
    val random = new Random(4)
    (0 until 400).map { i =>
      val (a, b) = (random.nextGaussian(), random.nextGaussian())
      (Vectors.dense(a, b), 2 * b - a, if (i % 9 == 0) -100 else if (a > 0.5) 2 else if (a > -0.5) 1 else 0, Vectors.dense(
        if (a + b > 0) 1 else 0, if (b > 0.3) 1 else 0), i % 4 == 0)
    }.toDF("x", "number", "class", "labels", "held").coalesce(2).cache()
  }

  test("validation tells loss and metric of each output") {
    val net = new Functional("x").add("hidden", new Dense(16, Activation.RELU), "x")
      .add("n", new Dense(1), "hidden").add("c", new Dense(3), "hidden").add("l", new Dense(2), "hidden")
      .outputs("n", "c", "l")
    val runs = Files.createTempDirectory("kiln-heads")
    val model = new NetEstimator().setNetwork(net).setInputCols(Array("x"))
      .setTargetCols(Array("number", "class", "labels"))
      .setLosses(Array("l2", "{\"softmaxCrossEntropy\":{\"ignoredLabel\":-100}}", "sigmoidBce"))
      .setLossWeights(Array(0.25, 2, 1))
      .setValidationIndicatorCol("held").setBatchSize(32).setMaxEpochs(4).setLearningRate(0.01).setSeed(2)
      .setNumWorkers(2).setSummaryDir(runs.toString).fit(points)
    val last = model.summary.epochs.asScala.last
    val heads = last.heads.asScala
    assert(heads.map(_.output) == Seq("n", "c", "l") && heads.map(_.metricName) == Seq("rmse", "accuracy", "accuracy"))
    assert(math.abs(0.25 * heads(0).loss + 2 * heads(1).loss + heads(2).loss - last.validationLoss) < 1e-6)

    val predicted = model.setOutputNames(Array("n", "argmax(c)", "above(l)")).setOutputCols(Array("pn", "pc", "pl"))
      .transform(points.where("held")).cache()
    val rmse = new RegressionEvaluator().setLabelCol("number").setPredictionCol("pn").evaluate(predicted)
    assert(math.abs(heads(0).metric - rmse) < 1e-5, rmse)
    assert(math.abs(heads(0).loss - rmse * rmse / 2) < 1e-5)
    val classes = predicted.where("class >= 0")
    assert(math.abs(heads(1).metric - classes.where("class = pc").count().toDouble / classes.count()) < 1e-9)
    val hits = predicted.select("labels", "pl").collect().map(r =>
      r.getAs[org.apache.spark.ml.linalg.Vector](0).toArray.zip(r.getSeq[Long](1)).count { case (a, b) => a == b.toDouble }).sum
    assert(math.abs(heads(2).metric - hits / 200.0) < 1e-9)

    assert(model.summary.toString.contains(", accuracy "))
    val path = runs.resolve("model").toString
    model.write.save(path)
    assert(NetModel.load(path).summary.epochs.asScala.last.heads.asScala == heads)
    val events = Files.walk(runs).iterator.asScala.filter(f => f.getFileName.toString.contains("tfevents")).toSeq
    val text = events.map((f: Path) => new String(Files.readAllBytes(f), java.nio.charset.StandardCharsets.ISO_8859_1)).mkString
    assert(text.contains("metric/rmse of n") && text.contains("loss/validation of l") && text.contains("loss/training of c"))
  }

  test("the padding of sequences does not count") {
    // Tokens are 1 and 2, and padding is 0, which the network never learns to name.
    val rows = (0 until 60).map { i =>
      val tokens = Array.tabulate(1 + i % 5)(t => 1 + (i * 7 + t) % 2)
      (tokens, tokens.map(3 - _), i % 3 == 0)
    }.toDF("tokens", "next", "held").coalesce(2)
    val net = new Functional("tokens").add("e", new io.kiln.nn.Embedding(3, 4), "tokens").add("y", Dense.onLastAxis(3), "e")
    val model = new NetEstimator().setNetwork(net).setInputCols(Array("tokens")).setInputTypes(Array("int32[-1]"))
      .setTargetCols(Array("next")).setLosses(Array("softmaxCrossEntropy")).setValidationIndicatorCol("held")
      .setBatchSize(16).setMaxEpochs(40).setLearningRate(0.1).setSeed(1).fit(rows)
    assert(model.summary.epochs.asScala.last.heads.asScala.map(_.metric) == Seq(1.0))
  }
}
