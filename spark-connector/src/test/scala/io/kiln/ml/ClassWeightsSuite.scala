package io.kiln.ml

import io.kiln.nn.loss.{SmoothedCrossEntropy, SoftmaxCrossEntropy}
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

/** Class weights, labels that count nothing, and row weights in training and validation. */
class ClassWeightsSuite extends SparkSuite {

  private def fit(c: NetClassifier, data: DataFrame) = c.setMaxEpochs(3).fit(data)

  private def same(a: NetClassificationModel, b: NetClassificationModel): Unit =
    a.summary.lossHistory.zip(b.summary.lossHistory).foreach { case (x, y) => assert(math.abs(x - y) < 1e-6 * y) }

  private def byClass(weights: Double*): DataFrame =
    corners(120).withColumn("w", element_at(typedlit(weights.toArray), (col("label") + 1).cast("int")))

  test("class weights are rows' weights, by Param or by the loss, on one and on two workers") {
    val byColumn = fit(classifier().setWeightCol("w"), byClass(1, 0.5, 4))
    val byParam = fit(classifier().setClassWeights(Array(1, 0.5, 4)), corners(120))
    assert(byParam.trainedNetwork.weights.toSeq == byColumn.trainedNetwork.weights.toSeq)
    same(byParam, byColumn)
    val loss = new SoftmaxCrossEntropy().withClassWeights(1, 0.5, 4)
    same(fit(classifier().setLoss(loss), corners(120)), byColumn)
    same(fit(classifier().setLoss(loss).setNumWorkers(2), corners(120)), byColumn)
    same(fit(classifier().setLoss("sigmoidBce").setNetwork(smallNet(1)).setClassWeights(Array(1, 3)), corners(120).where("label < 2")),
      fit(classifier().setLoss("sigmoidBce").setNetwork(smallNet(1)).setWeightCol("w"), byClass(1, 3, 1).where("label < 2")))
  }

  test("rows of an ignored label are left out, by Param or by the loss") {
    val rest = corners(120).coalesce(1).where("not held")
    val marked = corners(120).coalesce(1).withColumn("label", when(col("held"), -1.0).otherwise(col("label")))
    val expected = fit(classifier(), rest)
    for (c <- Seq(
        classifier().setIgnoredLabel(-1),
        classifier().setLoss(new SoftmaxCrossEntropy().withIgnoredLabel(-1)))) {
      val model = fit(c, marked)
      assert(model.trainedNetwork.weights.toSeq == expected.trainedNetwork.weights.toSeq)
      assert(model.summary.epochs.get(0).rows == rest.count())
    }
    val e = intercept[IllegalArgumentException](classifier().fit(marked))
    assert(e.getMessage.contains("-1.0"))
    val none = intercept[IllegalArgumentException](classifier().setIgnoredLabel(2).fit(corners(30).where("label = 2")))
    assert(none.getMessage.contains("no training rows"))
  }

  test("validation loss and metric count rows by weightCol, and not by class weights") {
    val data = corners(200).withColumn("v", rand(4) < 0.4).withColumn("w", rand(5) * 3).cache()
    val model = classifier().setMaxEpochs(1).setLearningRate(0.001).setWeightCol("w").setClassWeights(Array(1, 5, 1))
      .setValidationIndicatorCol("v").fit(data)
    val rows = model.transform(data.where("v")).select("probability", "label", "w").collect()
    val total = rows.map(_.getDouble(2)).sum
    val loss = rows.map(r => -math.log(r.getAs[Vector](0)(r.getDouble(1).toInt)) * r.getDouble(2)).sum / total
    assert(math.abs(model.summary.epochs.get(0).validationLoss - loss) < 1e-5)
    val hits = rows.filter(r => r.getAs[Vector](0).argmax == r.getDouble(1).toInt).map(_.getDouble(2)).sum / total
    assert(math.abs(model.summary.epochs.get(0).metric - hits) < 1e-5)
    data.unpersist(true)
  }

  test("a validation loss with class weights of its own is divided by them") {
    val data = corners(200).withColumn("v", rand(4) < 0.4).cache()
    val w = Array(1.0, 5.0, 0.5)
    val model = classifier().setMaxEpochs(1).setLoss(new SoftmaxCrossEntropy().withClassWeights(w: _*))
      .setValidationIndicatorCol("v").fit(data)
    val rows = model.transform(data.where("v")).select("probability", "label").collect()
      .map(r => (r.getAs[Vector](0)(r.getDouble(1).toInt), w(r.getDouble(1).toInt)))
    val expected = rows.map { case (p, weight) => -math.log(p) * weight }.sum / rows.map(_._2).sum
    assert(math.abs(model.summary.epochs.get(0).validationLoss - expected) < 1e-5)
    data.unpersist(true)
  }

  test("class weights that do not fit are refused, before training and in transformSchema") {
    val two = intercept[IllegalArgumentException](classifier().setClassWeights(Array(1, 2)).fit(corners(30)))
    assert(two.getMessage.contains("2 weights") && two.getMessage.contains("3 classes"))
    val schema = corners(3).schema
    intercept[IllegalArgumentException](classifier().setInputShape(Array(2)).setClassWeights(Array(1, 2)).transformSchema(schema))
    Seq(Array[Double](), Array(1, -1.0), Array(0.0, 0.0), Array(Double.NaN, 1)).foreach(w =>
      intercept[IllegalArgumentException](classifier().setClassWeights(w)))
    assert(fit(classifier().setLoss(new SmoothedCrossEntropy()).setClassWeights(Array(1, 2, 3)), corners(60)).hasSummary)
  }

  test("weights that are all 0 are refused before training, and so are those of all validation rows") {
    val data = corners(30).withColumn("w", lit(0.0))
    val none = intercept[IllegalArgumentException](classifier().setWeightCol("w").fit(data))
    Seq("weightCol", "\"w\"", "0 in all 30 training rows").foreach(word => assert(none.getMessage.contains(word), none.getMessage))
    val held = corners(30).withColumn("w", when(col("held"), 0.0).otherwise(1.0))
    val e = intercept[IllegalArgumentException](classifier().setWeightCol("w").setValidationIndicatorCol("held").fit(held))
    Seq("0 in all 6 validation rows", "\"w\"").foreach(word => assert(e.getMessage.contains(word), e.getMessage))
    intercept[IllegalArgumentException](classifier().setClassWeights(Array(0, 0, 1)).fit(corners(30).where("label < 2")))
    assert(spark.sparkContext.getPersistentRDDs.isEmpty)
  }
}
