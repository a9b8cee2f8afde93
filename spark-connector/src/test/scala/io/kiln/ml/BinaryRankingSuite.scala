package io.kiln.ml

import io.kiln.nn.{Dense, Lambda, Sequential}
import org.apache.spark.ml.classification.OneVsRest
import org.apache.spark.ml.evaluation.{BinaryClassificationEvaluator, MulticlassClassificationEvaluator}
import org.apache.spark.ml.functions.vector_to_array
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.ml.tuning.{CrossValidator, ParamGridBuilder, TrainValidationSplit}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import scala.util.Random

/** The standard evaluators rank two-class networks as their probabilities do. */
class BinaryRankingSuite extends SparkSuite {

  /** Two classes that overlap, and a feature that moves both logits together when it is learned. */
  private def overlapping(n: Int, seed: Long): DataFrame = {
    val random = new Random(seed)
    spark.createDataFrame((0 until n).map { i =>
      val label = i % 2
      (Vectors.dense(1.2 * label + random.nextGaussian(), 3 * random.nextGaussian(), random.nextGaussian()), label.toDouble)
    }).toDF("features", "label")
  }

  private lazy val train = overlapping(400, 1).cache()
  private lazy val test300 = overlapping(300, 2).cache()

  private def auc(column: String) = new BinaryClassificationEvaluator().setRawPredictionCol(column)

  private def binary(loss: String): NetClassifier = {
    val net = loss match {
      case "sigmoidBce" | "focal" => smallNet(1)
      case "nll" => new Sequential(smallNet(2), new Lambda(_.logSoftmax(-1)))
      case _ => smallNet(2)
    }
    classifier().setNetwork(net).setLoss(loss).setMaxEpochs(4)
  }

  for (loss <- Seq("softmaxCrossEntropy", "smoothedCrossEntropy", "softmaxFocal", "nll", "sigmoidBce", "focal")) {
    test(s"$loss: raw scores are (-m, m) with m the margin, and give the AUC of the probabilities") {
      val model = binary(loss).fit(train)
      val out = model.transform(test300).withColumn("p", vector_to_array(col("probability")).getItem(1)).cache()
      out.select("rawPrediction", "probability").collect().foreach { row =>
        val raw = row.getAs[Vector](0)
        val p = row.getAs[Vector](1)
        assert(raw.size == 2 && raw(0) == -raw(1))
        assert(math.abs(p(1) - 1 / (1 + math.exp(-raw(1)))) < 1e-12 && math.abs(p(0) + p(1) - 1) < 1e-12)
      }
      val byProbability = auc("p").evaluate(out)
      Seq("rawPrediction", "probability").foreach(column =>
        assert(math.abs(auc(column).evaluate(out) - byProbability) < 1e-12, column))
      assert(byProbability > 0.7)
      val row = out.head()
      val single = model.predictRaw(row.getAs[Vector]("features"))
      assert(math.abs(single(1) - row.getAs[Vector]("rawPrediction")(1)) < 1e-4)
      assert(math.abs(model.predictProbability(row.getAs[Vector]("features"))(1) - row.getAs[Double]("p")) < 1e-5)
    }
  }

  test("OneVsRest over networks of two outputs ranks the classes by their margins") {
    val ovr = new OneVsRest().setClassifier(classifier().setNetwork(smallNet(2)).setMaxEpochs(6))
    val accuracy = new MulticlassClassificationEvaluator().setMetricName("accuracy")
    assert(accuracy.evaluate(ovr.fit(corners(300)).transform(corners(300, seed = 2))) > 0.9)
  }

  test("CrossValidator and TrainValidationSplit choose the network that ranks best by probability") {
    val net = binary("softmaxCrossEntropy").setMaxEpochs(1)
    val grid = new ParamGridBuilder().addGrid(net.learningRate, Array(1e-9, 0.02)).build()
    val cv = new CrossValidator().setEstimator(net).setEvaluator(auc("rawPrediction")).setEstimatorParamMaps(grid)
      .setNumFolds(2).setSeed(1).fit(train)
    val split = new TrainValidationSplit().setEstimator(net).setEvaluator(auc("rawPrediction")).setEstimatorParamMaps(grid)
      .setSeed(1).fit(train)
    Seq(cv.bestModel, split.bestModel).foreach(m => assert(m.parent.extractParamMap().apply(net.learningRate) == 0.02))
  }

  test("sigmoidBce: one output is a whole NetClassifier, saved and loaded") {
    val model = classifier().setNetwork(new Sequential(new Dense(1))).setLoss("sigmoidBce")
      .setValidationIndicatorCol("held").setValidationMetric("auc").setThresholds(Array(0.5, 0.5))
      .fit(train.withColumn("held", rand(3) < 0.2))
    assert(model.numClasses == 2 && model.summary.metricName == "auc" && model.summary.epochs.get(7).metric > 0.7)
    val path = java.nio.file.Files.createTempDirectory("kiln-binary").resolve("model").toString
    model.write.save(path)
    val loaded = NetClassificationModel.load(path)
    assert(loaded.transform(test300).collect().toSeq == model.transform(test300).collect().toSeq)
  }
}
