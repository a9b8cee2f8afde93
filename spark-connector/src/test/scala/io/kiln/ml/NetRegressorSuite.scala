package io.kiln.ml

import org.apache.spark.ml.evaluation.RegressionEvaluator
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sql.DataFrame

import scala.util.Random

class NetRegressorSuite extends SparkSuite {

  private def line(n: Int): DataFrame = {
    val random = new Random(4)
    spark.createDataFrame((0 until n).map { i =>
      val x = Vectors.dense(random.nextGaussian(), random.nextGaussian())
      (x, 2 * x(0) - 3 * x(1) + 1, i % 5 == 0)
    }).toDF("features", "label", "held")
  }

  private def regressor() = new NetRegressor().setNetwork(smallNet(1)).setBatchSize(32).setLearningRate(0.03).setSeed(3)

  test("learns a number, by any loss") {
    Seq("l2", "l1", "huber").foreach { loss =>
      val model = regressor().setLoss(loss).setMaxEpochs(15).fit(line(400))
      val r2 = new RegressionEvaluator().setMetricName("r2").evaluate(model.transform(line(100)))
      assert(r2 > 0.95, s"$loss: r2 = $r2")
    }
  }

  test("reports the error of validation rows, and predicts single vectors alike") {
    val data = line(200)
    val model = regressor().setMaxEpochs(3).setValidationIndicatorCol("held").fit(data)
    assert(model.summary.metricName == "rmse")
    assert(model.summary.epochs.get(2).metric > 0)
    val row = model.transform(data).head()
    assert(math.abs(model.predict(row.getAs("features")) - row.getAs[Double]("prediction")) < 1e-5)
  }
}
