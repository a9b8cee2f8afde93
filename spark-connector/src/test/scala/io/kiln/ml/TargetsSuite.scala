package io.kiln.ml

import io.kiln.nn.{Dense, Functional, Merge, Sequential}
import io.kiln.nn.loss.{Cox, InBatchSoftmax, Quantile}
import io.kiln.op.activation.Activation
import io.kiln.spark.model.NamedRecord
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.functions._

import scala.util.Random

/** Targets besides a class or a number. */
class TargetsSuite extends SparkSuite {
  import spark.implicits._

  private lazy val points: DataFrame = {
    val random = new Random(4)
    (0 until 400).map { i =>
      val (a, b) = (random.nextGaussian(), random.nextGaussian())
      val labels = Array(a > 0, b > 0.5, a + b > 0).map(x => if (x) 1.0 else 0.0)
      (i, Vectors.dense(a, b), Vectors.dense(labels), labels.map(_.toFloat), a, 2 * b - a, a + math.abs(a) * random.nextGaussian())
    }.toDF("id", "x", "labels", "flags", "first", "second", "noisy").coalesce(2).cache()
  }

  private def estimator(outputs: Int): NetEstimator = new NetEstimator()
    .setNetwork(new Functional("x").add("hidden", new Dense(24, Activation.RELU), "x").add("y", new Dense(outputs), "hidden"))
    .setInputCols(Array("x")).setBatchSize(32).setMaxEpochs(25).setLearningRate(0.01).setSeed(2)

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("several labels at once, as a vector, an array or columns, with thresholds of their own") {
    val flags = points.select($"x" +: (0 until 3).map(k => $"flags".getItem(k).cast("double").as(s"flag$k")): _*)
    val columns = (0 until 3).map(k => s"flag$k").toArray
    val results = Seq(
      estimator(3).setTargetCols(Array("labels")).setLosses(Array("sigmoidBce")).setNumWorkers(2).fit(points),
      estimator(3).setTargetCols(Array("flags")).setLosses(Array("sigmoidBce")).setNumWorkers(2).fit(points),
      estimator(3).setTargetCols(columns).setTargetNames(Array("y", "y", "y")).setLosses(Array("sigmoidBce"))
        .setNumWorkers(2).fit(flags))
    val losses = results.map(_.summary.objectiveHistory.toSeq)
    assert(losses.forall(_ == losses.head))
    val model = results.head.setOutputNames(Array("above(y)", "above(y, 0.5, 0.99999, 0.00001)", "sigmoid(y)"))
      .setOutputCols(Array("even", "own", "p"))
    val rows = model.transform(points).select("even", "own", "p", "flags").collect()
    val right = rows.map(r => r.getSeq[Long](0).zip(r.getSeq[Float](3)).count { case (a, b) => a == b.toLong }).sum
    assert(right > 1120, s"$right of 1200")
    rows.foreach { r =>
      val p = r.getAs[Vector](2)
      assert(r.getSeq[Long](0) == p.toArray.toSeq.map(v => if (v >= 0.5) 1L else 0L))
      assert(r.getSeq[Long](1) == Seq(p(0) >= 0.5, p(1) >= 0.99999f, p(2) >= 0.00001f).map(if (_) 1L else 0L))
    }
    assert(message(model.copy(org.apache.spark.ml.param.ParamMap.empty).setOutputNames(Array("above(y, 0.5, 0.5)"))
      .setOutputCols(Array("z")).transform(points)).contains("2 thresholds for 3 values"))
    assert(message(model.setOutputNames(Array("above(y, high)")).setOutputCols(Array("z")).transform(points))
      .contains("expected thresholds"))
  }

  test("soft labels train like the classes that they come from") {
    val soft = points.select($"x", $"id", when($"first" > 0, 1).otherwise(0).as("class"))
      .withColumn("distribution", array(lit(1.0) - $"class", $"class".cast("double")))
    def history(target: String): Seq[Double] = estimator(2).setTargetCols(Array(target))
      .setLosses(Array("softmaxCrossEntropy")).setMaxEpochs(5).fit(soft).summary.objectiveHistory.toSeq
    history("distribution").zip(history("class")).foreach { case (a, b) => assert(math.abs(a - b) < 1e-4) }
  }

  test("several columns of numbers, and quantiles of one") {
    val both = estimator(2).setTargetCols(Array("first", "second")).setTargetNames(Array("y", "y")).setLosses(Array("l2"))
      .fit(points)
    assert(both.summary.objectiveHistory.last < 0.05)
    val net = new Functional("x").add("hidden", new Dense(24, Activation.RELU), "x")
      .add("low", new Dense(1), "hidden").add("high", new Dense(1), "hidden").outputs("low", "high")
    val model = new NetEstimator().setNetwork(net).setInputCols(Array("x")).setTargetCols(Array("noisy", "noisy"))
      .setLosses(Array(new Quantile(0.1), new Quantile(0.9)).map(l => NamedRecord.write(l)))
      .setBatchSize(32).setMaxEpochs(60).setLearningRate(0.01).setSeed(2).fit(points)
    val inside = model.transform(points).where($"noisy" > $"low" && $"noisy" < $"high").count() / 400.0
    assert(inside > 0.68 && inside < 0.92, inside)
  }

  test("an autoencoder learns its input") {
    val net = new Sequential(new Dense(1), new Dense(2))
    val line = points.select(array($"first", $"first" * 2).as("x"))
    val model = estimator(2).setNetwork(net).setTargetCols(Array("x")).setLosses(Array("l2")).fit(line)
    assert(model.summary.objectiveHistory.last < 0.02)
  }

  test("two towers learn from the other items of the batch, on two workers") {
    val random = new Random(8)
    val pairs = (0 until 600).map { _ =>
      val item = random.nextInt(12)
      (Vectors.dense(Array.tabulate(12)(k => (if (k == item) 1.0 else 0.0) + 0.1 * random.nextGaussian())), item)
    }.toDF("user", "item").coalesce(2).cache()
    val net = new Functional("user", "item")
      .add("u", new Dense(8), "user").add("i", new io.kiln.nn.Embedding(12, 8), "item").add("both", Merge.concat(1), "u", "i")
    val model = new NetEstimator().setNetwork(net).setInputCols(Array("user", "item")).setTargetCols(Array("item"))
      .setLosses(Array(NamedRecord.write(new InBatchSoftmax()))).setNumWorkers(2).setBatchSize(64).setMaxEpochs(15)
      .setLearningRate(0.02).setSeed(1).fit(pairs)
    val items = model.setOutputNames(Array("i")).setOutputCols(Array("v")).transform(spark.range(12).select($"id".cast("int").as("item")))
      .collect().map(r => r.getInt(0) -> unit(r.getAs[Vector](1)))
    val users = model.setOutputNames(Array("u")).transform(pairs).collect()
    val hits = users.count { r =>
      val u = unit(r.getAs[Vector](2))
      items.maxBy { case (_, v) => u.zip(v).map { case (a, b) => a * b }.sum }._1 == r.getInt(1)
    }
    assert(hits > 570, hits)
  }

  private def unit(v: Vector): Array[Double] = {
    val norm = Vectors.norm(v, 2)
    v.toArray.map(_ / norm)
  }

  test("log-risks order survival times, some of which are censored") {
    val random = new Random(3)
    val times = points.collect().toSeq.map { r: Row =>
      val risk = 1.5 * r.getAs[Double]("first")
      val time = -math.log(random.nextDouble()) / math.exp(risk)
      val end = 2 * random.nextDouble()
      (r.getAs[Vector]("x"), math.min(time, end), if (time <= end) 1.0 else 0.0, risk)
    }.toDF("x", "time", "event", "risk")
    val model = estimator(1).setTargetCols(Array("time", "event")).setTargetNames(Array("y", "y"))
      .setLosses(Array(NamedRecord.write(new Cox()))).setBatchSize(128).fit(times)
    val correlation = model.transform(times).stat.corr("y", "risk")
    assert(correlation > 0.8, correlation)
  }
}
