package io.kiln.ml

import io.kiln.nn.Dense
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.sql.DataFrame

import java.nio.file.Files
import scala.util.Random

/** Temperatures that are fitted on held-out rows. */
class CalibrationSuite extends SparkSuite {

  /** Labels that are drawn: of two classes, the second with probability sigmoid(x). */
  private def drawn(n: Int, seed: Long): DataFrame = {
    val random = new Random(seed)
    spark.createDataFrame((0 until n).map { _ =>
      val x = 2 * random.nextGaussian()
      (Vectors.dense(x), if (random.nextDouble() < 1 / (1 + math.exp(-x))) 1.0 else 0.0, 1.0 + random.nextInt(2))
    }).toDF("features", "label", "weight").coalesce(2).cache()
  }

  /** A network of the given slope: the score of the second class is slope times x. */
  private def model(slope: Float, loss: String): NetClassificationModel = {
    val outputs = if (loss == "sigmoidBce") 1 else 2
    val net = new Dense(outputs)
    net.initialize(1)
    net.inferShapes(io.kiln.ndarray.Shape.of(-1, 1))
    net.values().get("weight").assign(
      if (outputs == 1) io.kiln.ndarray.NDArray.of(io.kiln.ndarray.Shape.of(1, 1), slope)
      else io.kiln.ndarray.NDArray.of(io.kiln.ndarray.Shape.of(2, 1), 0f, slope))
    new NetClassifier().setNetwork(net).setLoss(loss).setOptimizer("sgd").setLearningRate(1e-9).setMaxEpochs(1)
      .setSeed(1).fit(drawn(100, 1))
  }

  test("the slope of the probabilities becomes the true one, for both forms of two classes, and again") {
    val held = drawn(4000, 2)
    val logLoss = new MulticlassClassificationEvaluator().setMetricName("logLoss")
    Seq("softmaxCrossEntropy", "sigmoidBce").foreach { loss =>
      Seq(4f, 0.25f).foreach { slope =>
        val plain = model(slope, loss)
        val calibrated = plain.calibrate(held)
        val p = calibrated.predictProbability(Vectors.dense(1.0))(1)
        assert(math.abs(p - 1 / (1 + math.exp(-1))) < 0.02, s"$loss $slope $p")
        assert(logLoss.evaluate(calibrated.transform(held)) < logLoss.evaluate(plain.transform(held)) - 0.005)
        val same = calibrated.transform(held).select("prediction").collect().toSeq
        assert(same == plain.transform(held).select("prediction").collect().toSeq)
        val again = calibrated.copy(ParamMap(calibrated.weightCol -> "weight")).calibrate(held)
        assert(math.abs(again.predictProbability(Vectors.dense(1.0))(1) - p) < 0.02)
        assert("calibration:scale".r.findAllIn(again.trainedNetwork.graphJson).size == 1)
        val path = Files.createTempDirectory("kiln-calibrated").resolve("model").toString
        calibrated.write.save(path)
        assert(NetClassificationModel.load(path).predictProbability(Vectors.dense(1.0))(1) == p)
      }
    }
    val none = intercept[IllegalArgumentException](model(1, "sigmoidBce").calibrate(held.where("label > 5")))
    assert(none.getMessage.contains("validation rows"))
  }
}
