package io.kiln.ml

import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator

class NetClassifierSuite extends SparkSuite {

  private def accuracy(model: NetClassificationModel): Double =
    new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(model.transform(corners(300, seed = 2)))

  test("learns classes from vectors") {
    val model = classifier().fit(corners(600))
    assert(accuracy(model) > 0.95)
    assert(model.summary.epochs.size == 8)
    assert(model.summary.lossHistory.last < model.summary.lossHistory.head / 2)
  }

  test("two workers learn as one, with the same batches") {
    val one = classifier().fit(corners(600))
    val two = classifier().setNumWorkers(2).fit(corners(600))
    one.summary.lossHistory.zip(two.summary.lossHistory).foreach { case (a, b) =>
      assert(math.abs(a - b) <= 1e-5 * math.abs(a))
    }
  }
}
