package io.kiln.ml

import io.kiln.nn.{Dense, Functional}
import io.kiln.op.activation.Activation
import org.apache.logging.log4j.LogManager
import org.apache.logging.log4j.core.{LogEvent, Logger}
import org.apache.logging.log4j.core.appender.AbstractAppender
import org.apache.logging.log4j.core.config.Property
import org.apache.spark.ml.evaluation.{BinaryClassificationEvaluator, MulticlassClassificationEvaluator, RegressionEvaluator}
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.{col, lit, log, pow, sum, when}

import java.util.concurrent.ConcurrentLinkedQueue
import scala.jdk.CollectionConverters._
import scala.util.Random

/** Training losses of several outputs, and the metric of one of them that training follows. */
class FollowedMetricSuite extends SparkSuite {
  import spark.implicits._

  private lazy val points: DataFrame = {
    val random = new Random(8)
    (0 until 480).map { i =>
      val (a, b) = (random.nextGaussian(), random.nextGaussian())
      val noise = random.nextGaussian()
      val kind = if (i % 11 == 0) -100 else if (a + noise > 0.6) 2 else if (a + noise > -0.3) 1 else 0
      (Vectors.dense(a, b), 2 * b - a + noise, kind, if (b + noise > 0) 1 else 0, 0.25 + i % 5, i % 3 == 0)
    }.toDF("x", "number", "kind", "yes", "weight", "held").coalesce(2).cache()
  }

  private def estimator: NetEstimator = new NetEstimator()
    .setNetwork(new Functional("x").add("hidden", new Dense(16, Activation.RELU), "x")
      .add("n", new Dense(1), "hidden").add("c", new Dense(3), "hidden").add("y", new Dense(1), "hidden")
      .outputs("n", "c", "y"))
    .setInputCols(Array("x")).setInputTypes(Array("float32[2]")).setTargetCols(Array("number", "kind", "yes"))
    .setLosses(Array("l2", "{\"softmaxCrossEntropy\":{\"ignoredLabel\":-100}}", "sigmoidBce"))
    .setLossWeights(Array(0.25, 2, 1)).setWeightCol("weight").setBatchSize(32).setSeed(2).setLearningRate(0.01)

  private def message(code: => Any): String = intercept[Exception](code).getMessage

  private def last(model: NetModel) = model.summary.epochs.asScala.last

  test("the training loss of each output is the mean over all workers' rows") {
    // Steps this small change nothing, so that the model's own outputs give the losses.
    val model = estimator.setLearningRate(1e-12).setMaxEpochs(1).setNumWorkers(2).fit(points)
    val heads = last(model).heads.asScala.map(_.trainingLoss.doubleValue)
    val out = model.setOutputNames(Array("n", "softmax(c)", "sigmoid(y)")).setOutputCols(Array("pn", "pc", "py"))
      .transform(points)
    val chosen = org.apache.spark.sql.functions.element_at(
      org.apache.spark.ml.functions.vector_to_array(col("pc")), when(col("kind") >= 0, col("kind") + 1).otherwise(1))
    val losses = out.agg(
      sum(pow(col("pn") - col("number"), 2) / 2 * col("weight")) / sum("weight"),
      sum(when(col("kind") >= 0, -log(chosen)).otherwise(0.0) * col("weight")) / sum("weight"),
      sum(-log(when(col("yes") === 1, col("py")).otherwise(lit(1) - col("py"))) * col("weight")) / sum("weight")).head()
    (0 until 3).foreach(i => assert(math.abs(heads(i) - losses.getDouble(i)) < 1e-5, s"$i: $heads, $losses"))
    assert(math.abs(0.25 * heads(0) + 2 * heads(1) + heads(2) - last(model).loss) < 1e-5)
    assert(last(model).heads.asScala.forall(h => h.loss.isNaN && h.metric.isNaN))
    assert(model.summary.toString.contains("\nc: loss "))
  }

  test("parts of batches, mix-up and float16 keep the training losses of outputs") {
    def heads(e: NetEstimator): Seq[Double] =
      last(e.setLearningRate(1e-12).setMaxEpochs(1).fit(points)).heads.asScala.toSeq.map(_.trainingLoss.doubleValue)
    val plain = heads(estimator)
    heads(estimator.setGradientAccumulation(3)).zip(plain).foreach { case (a, b) => assert(math.abs(a - b) < 1e-5) }
    heads(estimator.setPrecision("float16")).zip(plain).foreach { case (a, b) => assert(math.abs(a - b) < 0.01 * b) }
    val mixed = estimator.setMixup(0.4).setLearningRate(1e-12).setMaxEpochs(1).fit(points)
    val of = last(mixed).heads.asScala.map(_.trainingLoss.doubleValue)
    assert(of.forall(_.isFinite) && math.abs(0.25 * of(0) + 2 * of(1) + of(2) - last(mixed).loss) < 1e-4)
  }

  test("early stopping follows the metric of an output, with weights and without ignored labels") {
    val metrics = Seq("n:rmse", "n:mae", "n:pearson", "c:accuracy", "c:f1", "c:mcc", "c:top5", "y:auc", "y:f1", "y:accuracy")
    metrics.foreach { metric =>
      val model = estimator.setValidationIndicatorCol("held").setEarlyStoppingPatience(6).setMaxEpochs(6)
        .setValidationMetric(metric).fit(points)
      val values = model.summary.epochs.asScala.map(_.metric)
      val (output, name) = (metric.takeWhile(_ != ':'), metric.dropWhile(_ != ':').tail)
      val best = if (Set("rmse", "mae")(name)) values.min else values.max
      assert(model.summary.bestEpoch == 1 + values.indexOf(best), s"$metric: $values")
      assert(model.summary.metricName == s"$name of $output")
      val head = model.summary.epochs.get(model.summary.bestEpoch - 1).heads.asScala.find(_.output == output).get
      assert(head.metricName == name && head.metric == best)
      val out = model.setOutputNames(Array("n", "argmax(c)", "y", "above(y)")).setOutputCols(Array("pn", "pc", "ry", "py"))
        .transform(points.where("held")).withColumn("pc", col("pc").cast("double")).withColumn("py", col("py").cast("double"))
      val classes = out.where("kind >= 0")
      def of(m: String, label: String, rows: DataFrame, prediction: String, metricLabel: Double = 1) =
        new MulticlassClassificationEvaluator().setMetricName(m).setLabelCol(label).setPredictionCol(prediction)
          .setWeightCol("weight").setMetricLabel(metricLabel).evaluate(rows)
      val expected = metric match {
        case "n:rmse" | "n:mae" => new RegressionEvaluator().setMetricName(name).setLabelCol("number").setPredictionCol("pn")
            .setWeightCol("weight").evaluate(out)
        case "n:pearson" =>
          val (w, p, t) = (col("weight"), col("pn"), col("number"))
          val m = out.agg(sum(w * p) / sum(w), sum(w * t) / sum(w)).head()
          val (dp, dt) = (p - m.getDouble(0), t - m.getDouble(1))
          out.agg(sum(w * dp * dt) / org.apache.spark.sql.functions.sqrt(sum(w * dp * dp) * sum(w * dt * dt))).head().getDouble(0)
        case "c:accuracy" => of("accuracy", "kind", classes, "pc")
        case "c:f1" => Seq(0.0, 1.0, 2.0).map(of("fMeasureByLabel", "kind", classes, "pc", _)).sum / 3
        case "y:accuracy" => of("accuracy", "yes", out, "py")
        case "y:f1" => of("fMeasureByLabel", "yes", out, "py")
        case "y:auc" => new BinaryClassificationEvaluator().setLabelCol("yes").setRawPredictionCol("ry").setWeightCol("weight")
            .setNumBins(0).evaluate(out)
        case "c:top5" => 1.0
        case _ => best
      }
      assert(math.abs(best - expected) < 1e-3, s"$metric: $best, $expected")
    }
  }

  test("a metric that stays NaN ends the training as one that does not improve") {
    val same = points.withColumn("number", when(col("held"), 1.0).otherwise(col("number")))
    val said = new ConcurrentLinkedQueue[String]
    val listener = new AbstractAppender("incomparable", null, null, true, Property.EMPTY_ARRAY) {
      override def append(event: LogEvent): Unit = { said.add(event.getMessage.getFormattedMessage); () }
    }
    listener.start()
    val logger = LogManager.getLogger("io.kiln.spark.job.TrainingLoop").asInstanceOf[Logger]
    logger.addAppender(listener)
    val model =
      try estimator.setValidationIndicatorCol("held").setEarlyStoppingPatience(2).setMaxEpochs(5)
        .setValidationMetric("n:pearson").fit(same)
      finally logger.removeAppender(listener)
    assert(model.summary.epochs.size == 2 && model.summary.epochs.asScala.forall(_.metric.isNaN))
    assert(said.size == 1 && said.peek.contains("validationMetric n:pearson is NaN after epoch 1"), said)
  }

  test("early stopping follows the loss of an output") {
    val model = estimator.setValidationIndicatorCol("held").setEarlyStoppingPatience(6).setMaxEpochs(6)
      .setValidationMetric("c:loss").fit(points)
    val values = model.summary.epochs.asScala.map(_.heads.get(1).loss)
    assert(model.summary.bestEpoch == 1 + values.indexOf(values.min) && model.summary.epochs.asScala.map(_.metric) == values)
  }

  test("a metric that the loss of the output cannot have is refused at the call") {
    def told(e: NetEstimator, text: String): Unit = {
      val m = message(e.transformSchema(points.schema))
      assert(m.contains(text), m)
      ()
    }
    told(estimator.setValidationMetric("n:accuracy"), "validationMetric: accuracy is for a classifier; output n has loss l2")
    told(estimator.setValidationMetric("c:rmse"), "validationMetric: rmse is for a regressor; output c has loss softmaxCrossEntropy")
    told(estimator.setValidationMetric("c:auc"), "auc is for two classes, the network has 3")
    told(estimator.setValidationMetric("y:ndcg"), "ndcg is for a ranker; output y has loss sigmoidBce")
    told(estimator.setValidationMetric("k:rmse"), "no target trains an output \"k\"")
    told(estimator.setLosses(Array("poissonNll", "softmaxCrossEntropy", "sigmoidBce")).setValidationMetric("n:rmse"),
      "output n has loss poissonNll, for which there is no metric")
    assert(message(estimator.setValidationMetric("c:acuracy")).contains("did you mean \"accuracy\"?"))
    val one = new NetClassifier().setNetwork(new Dense(3)).setInputShape(Array(2)).setFeaturesCol("x").setLabelCol("kind").setValidationMetric("c:f1")
    assert(message(one.transformSchema(points.schema)).contains("has only one, without a name; give f1 alone"))
  }

  test("estimators that make their network have the metrics of their loss") {
    val rows = points.where("kind >= 0").withColumn("word", when(col("yes") === 1, "good film").otherwise("bad film"))
    val wide = new WideAndDeepClassifier().setFeaturesCol("x").setLabelCol("yes").setWeightCol("weight")
      .setValidationIndicatorCol("held").setValidationMetric("auc").setEarlyStoppingPatience(2).setMaxEpochs(2).fit(rows)
    assert(wide.summary.metricName == "auc")
    val auc = new BinaryClassificationEvaluator().setLabelCol("yes").setWeightCol("weight").setNumBins(0)
      .evaluate(wide.transform(rows.where("held")))
    val best = wide.summary.epochs.asScala.map(_.metric).max
    assert(math.abs(best - auc) < 1e-3)
    val text = new TextClassifier().setTextCol("word").setLabelCol("yes").setEncoder("mean").setMaxEpochs(1)
      .setValidationIndicatorCol("held").setValidationMetric("mcc").fit(rows)
    assert(text.summary.metricName == "mcc" && text.summary.epochs.get(0).metric == text.summary.epochs.get(0).heads.get(0).metric)
    val pairs = (0 until 60).map(i => (i % 6, i % 10, (i % 3).toDouble, i % 4 == 0)).toDF("user", "item", "rating", "held")
    val rated = new TwoTower().setUserCol("user").setItemCol("item").setRatingCol("rating").setRank(2).setMaxEpochs(1)
      .setValidationIndicatorCol("held").setValidationMetric("mae").fit(pairs)
    assert(rated.summary.metricName == "mae" && rated.summary.epochs.get(0).metric > 0)
    val unrated = new TwoTower().setUserCol("user").setItemCol("item").setRank(2).setValidationMetric("accuracy")
    assert(message(unrated.fit(pairs)).contains("has loss inBatchSoftmax, for which there is no metric"))
    val drawn = new NeuralCF().setUserCol("user").setItemCol("item").setRank(2).setMaxEpochs(1).setNegativeSamples(1)
      .setValidationIndicatorCol("held").setValidationMetric("auc").fit(pairs)
    assert(drawn.summary.metricName == "auc" && drawn.summary.epochs.get(0).metric <= 1)
    val series = (0 until 40).map(i => (i, math.sin(i), i > 25)).toDF("t", "v", "held")
    val forecaster = new SequenceForecaster().setTimeCol("t").setTargetCol("v").setWindow(4).setHorizon(2).setMaxEpochs(1)
      .setLoss("quantile").setValidationIndicatorCol("held").setValidationMetric("mae").fit(series)
    assert(forecaster.summary.metricName == "mae" && forecaster.summary.epochs.get(0).metric > 0)
  }
}
