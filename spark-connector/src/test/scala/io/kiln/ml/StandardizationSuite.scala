package io.kiln.ml

import io.kiln.nn.{Dense, Sequential}
import io.kiln.nn.loss.Huber
import io.kiln.spark.model.ModelFiles
import org.apache.spark.ml.evaluation.{MulticlassClassificationEvaluator, RegressionEvaluator}
import org.apache.spark.ml.feature.StandardScaler
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.util.Random

/** Targets and features are standardised inside the network. */
class StandardizationSuite extends SparkSuite {

  /** A target around 5,000 that varies by about 700; features of very different scales. */
  private def far(n: Int, seed: Long = 4): DataFrame = {
    val random = new Random(seed)
    spark.createDataFrame((0 until n).map { i =>
      val x = Vectors.dense(1e4 + 300 * random.nextGaussian(), 1e-3 * random.nextGaussian(), 7)
      (x, 5000 + 2 * (x(0) - 1e4) - 3e5 * x(1), i % 5 == 0)
    }).toDF("features", "label", "held")
  }

  private def regressor(): NetRegressor = new NetRegressor().setNetwork(smallNet(1)).setBatchSize(32).setMaxEpochs(20)
    .setLearningRate(0.02).setSeed(3).setStandardizeFeatures(true)

  private val rmse = new RegressionEvaluator()

  test("a target far from 0 is learned, in its own unit") {
    for (loss <- Seq("l2", "l1", "huber", "quantile")) {
      val model = regressor().setLoss(loss).fit(far(400))
      val error = rmse.evaluate(model.transform(far(200, seed = 5)))
      assert(error < 70, s"$loss: RMSE $error of a target that varies by 670")
    }
    val plain = regressor().setStandardizeTarget(false).fit(far(400))
    assert(rmse.evaluate(plain.transform(far(200, seed = 5))) > 1000)
  }

  test("losses and metrics of the summary are those of what the model gives") {
    for (loss <- Seq("l2", "l1", "huber")) {
      val data = far(200).cache()
      val model = regressor().setLoss(loss).setValidationIndicatorCol("held").setMaxEpochs(4).fit(data)
      val errors = model.transform(data.where("held")).select("prediction", "label").collect()
        .map(r => math.abs(r.getDouble(0) - r.getDouble(1)))
      val last = model.summary.epochs.get(3)
      val of = loss match {
        case "l2" => (d: Double) => d * d / 2
        case "l1" => (d: Double) => d
        case _ => (d: Double) => if (d <= new Huber().rho) d * d / 2 else d - 0.5
      }
      val expected = errors.map(of).sum / errors.length
      assert(math.abs(last.validationLoss - expected) < 1e-3 * expected, loss)
      val expectedRmse = math.sqrt(errors.map(d => d * d).sum / errors.length)
      assert(math.abs(last.metric - expectedRmse) < 1e-3 * expectedRmse, loss)
      data.unpersist(true)
    }
  }

  test("standardised features teach what MLlib's StandardScaler in front teaches") {
    val data = far(300)
    val scaler = new StandardScaler().setWithMean(true).setInputCol("features").setOutputCol("scaled").fit(data)
    val inside = regressor().fit(data)
    val outside = regressor().setStandardizeFeatures(false).setFeaturesCol("scaled").fit(scaler.transform(data))
    inside.summary.lossHistory.zip(outside.summary.lossHistory).foreach { case (a, b) =>
      assert(math.abs(a - b) < 0.05 * b) // MLlib divides by n - 1
    }
  }

  test("means and deviations are those of weighted training rows, of dense, sparse and byte columns, whatever the workers") {
    val bytes = corners(120).withColumn("w", lit(1.0) + col("label")).withColumn("features", udf((v: Vector) =>
      v.toArray.map(x => math.rint(math.abs(x) * 40).toByte)).apply(col("features")))
    val dense = bytes.withColumn("features", udf((b: Array[Byte]) => Vectors.dense(b.map(_.toDouble))).apply(col("features")))
    val sparse = dense.withColumn("features", udf((v: Vector) => v.toSparse: Vector).apply(col("features")))
    def constants(data: DataFrame, workers: Int): Seq[Float] = {
      val model = classifier().setStandardizeFeatures(true).setInputShape(Array(2)).setInputScale(0.5).setWeightCol("w")
        .setValidationIndicatorCol("held").setNumWorkers(workers).setMaxEpochs(1).fit(data)
      val block = model.trainedNetwork.toBlock()
      try Seq("features:mean", "features:factor").flatMap(n => block.values().get(n).toFloatArray.toSeq)
      finally block.close()
    }
    val rows = dense.where("not held").collect().map(r => (r.getAs[Vector]("features"), r.getAs[Double]("w")))
    val total = rows.map(_._2).sum
    val mean = (0 until 2).map(j => rows.map { case (v, w) => w * v(j) }.sum / total)
    val deviation = (0 until 2).map(j => math.sqrt(rows.map { case (v, w) => w * math.pow(v(j) - mean(j), 2) }.sum / total))
    val expected = mean.map(_ * 0.5) ++ deviation.map(2 / _)
    for (data <- Seq(bytes, dense, sparse); workers <- Seq(1, 2)) {
      constants(data, workers).zip(expected).foreach { case (a, b) => assert(math.abs(a - b) < 1e-5 * b) }
    }
  }

  test("constant features and constant labels do no harm") {
    val flat = far(60).withColumn("label", lit(12.5))
    val model = regressor().setMaxEpochs(30).fit(flat)
    assert(model.transform(flat).select("prediction").collect().forall(r => math.abs(r.getDouble(0) - 12.5) < 1))
  }

  test("a model keeps what it was standardised by, single vectors too; without it a network is as it was") {
    val model = regressor().setMaxEpochs(2).fit(far(100))
    val path = Files.createTempDirectory("kiln-standard").resolve("model").toString
    model.write.save(path)
    val loaded = NetRegressionModel.load(path)
    val rows = model.transform(far(20, seed = 9)).collect()
    assert(loaded.transform(far(20, seed = 9)).collect().toSeq == rows.toSeq)
    rows.foreach(r => assert(math.abs(loaded.predict(r.getAs[Vector]("features")) / r.getAs[Double]("prediction") - 1) < 1e-5))
    val plain = regressor().setStandardizeFeatures(false).setStandardizeTarget(false).setMaxEpochs(1).fit(far(50))
    assert(!plain.trainedNetwork.graphJson.contains("features:") && !plain.trainedNetwork.graphJson.contains("target:"))
    assert(ModelFiles.read(path, spark.sparkContext.hadoopConfiguration).network.graphJson.contains("target:scale"))
  }

  test("a model that predicts in the labels' unit is trained on in it") {
    val data = far(100).cache()
    val plain = regressor().setStandardizeTarget(false).setMaxEpochs(1).fit(data)
    val small = regressor().setMaxEpochs(1).setLearningRate(1e-9)
    val before = rmse.evaluate(plain.transform(data))
    val on = small.continueFit(data, plain)
    assert(math.abs(rmse.evaluate(on.transform(data)) / before - 1) < 1e-3, "steps this small change nothing")
    assert(!on.trainedNetwork.graphJson.contains("target:"))
    val e = intercept[IllegalArgumentException](regressor().setStandardizeTarget(true).continueFit(data, plain))
    assert(e.getMessage.contains("standardizeTarget is true here"))
    val unit = regressor().setMaxEpochs(2).fit(data)
    assert(small.continueFit(data, unit).trainedNetwork.graphJson.contains("target:scale"))
    data.unpersist(true)
  }

  test("a loss that is not one of a difference leaves the target alone, and refuses to standardise it") {
    val counts = far(60).withColumn("label", lit(3.0))
    assert(!regressor().setLoss("poissonNll").setMaxEpochs(1).fit(counts).trainedNetwork.graphJson.contains("target:"))
    val e = intercept[IllegalArgumentException](regressor().setLoss("poissonNll").setStandardizeTarget(true).fit(counts))
    assert(e.getMessage.contains("standardizeTarget") && e.getMessage.contains("huber"))
  }

  test("two workers learn what one learns; classifiers of raw features learn") {
    val one = regressor().setMaxEpochs(3).fit(far(200)).summary.lossHistory
    val two = regressor().setMaxEpochs(3).setNumWorkers(2).fit(far(200)).summary.lossHistory
    one.zip(two).foreach { case (a, b) => assert(math.abs(a - b) < 1e-4 * a) }
    val raw = corners(300).withColumn("features", udf((v: Vector) =>
      Vectors.dense(1e5 + 100 * v(0), 1e-3 * v(1))).apply(col("features")))
    val model = classifier().setStandardizeFeatures(true).fit(raw)
    assert(new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(model.transform(raw)) > 0.95)
  }

  test("batch size and epochs that are left open follow from the number of rows") {
    def summary(rows: Int) = new NetClassifier().setNetwork(new Sequential(new Dense(3))).setSeed(7)
      .fit(corners(rows)).summary
    val few = summary(60)
    assert(few.provenance.settings.batchSize == 16 && few.provenance.settings.maxEpochs == 100 && few.epochs.size == 100)
    val more = summary(1000)
    assert(more.provenance.settings.batchSize == 32 && more.epochs.size == 22 && more.epochs.get(0).steps == 32)
  }
}
