package io.kiln.ml

import io.kiln.ndarray.Shape
import io.kiln.nn.{Block, Dense, Sequential}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.Pipeline
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.feature.{HashingTF, OneHotEncoder, StringIndexer, Tokenizer}
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.ml.tuning.{CrossValidator, ParamGridBuilder}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

/** A fit traces a copy of the network: it neither depends on what happened to the Block before nor changes it. */
class WidthsSuite extends SparkSuite {

  private def repeated(data: DataFrame, times: Int): DataFrame = data.withColumn("features", udf((v: Vector) =>
    Vectors.dense(Array.fill(times)(v.toArray).flatten)).apply(col("features")))

  private def short(net: Block): NetClassifier = classifier().setNetwork(net).setMaxEpochs(1)

  private def weights(model: NetClassificationModel): Seq[Byte] = model.trainedNetwork.weights.toSeq

  test("one estimator is fitted on rows of several widths, in any order") {
    val c = short(smallNet(3))
    val narrow = c.fit(corners(60))
    val wide = c.fit(repeated(corners(60), 3))
    assert(narrow.numFeatures == 2 && wide.numFeatures == 6)
    assert(weights(c.fit(corners(60))) == weights(narrow))
    assert(weights(short(smallNet(3)).fit(repeated(corners(60), 3))) == weights(wide))
  }

  test("a Block shared by two estimators, or looked at for another width, teaches what it teaches alone") {
    val net = smallNet(3)
    net.inferShapes(Shape.of(-1, 5))
    val first = short(net)
    val second = short(net).setSeed(8)
    val a = first.fit(corners(60))
    val b = second.fit(repeated(corners(60), 2))
    assert(weights(a) == weights(short(smallNet(3)).fit(corners(60))))
    assert(weights(b) == weights(short(smallNet(3)).setSeed(8).fit(repeated(corners(60), 2))))
  }

  test("fit leaves the Block as it was: without shapes, without values, or with the values that it had") {
    val fresh = smallNet(3)
    short(fresh).fit(corners(60))
    fresh.parameters().forEach((name, p) => assert(p.shape() == null && !p.hasData, name))

    val body = new Sequential(new Dense(16, Activation.RELU))
    body.initialize(5)
    body.inferShapes(Shape.of(-1, 2))
    body.values()
    val before = body.values().get("0.weight").toFloatArray.toSeq
    val withNewHead = new Sequential(body, new Dense(3))
    val model = short(withNewHead).fit(corners(60))
    assert(body.values().get("0.weight").toFloatArray.toSeq == before)
    assert(!withNewHead.parameters().get("1.weight").hasData)
    assert(weights(model) == weights(short(withNewHead).fit(corners(60))))
  }

  test("a Block with values refuses other widths, and names the parameter") {
    val net = smallNet(3)
    net.initialize(5)
    net.inferShapes(Shape.of(-1, 4))
    net.values()
    val e = intercept[RuntimeException](short(net).fit(corners(60)))
    assert(e.getMessage.contains("weight") && e.getMessage.contains("[16,4]") && e.getMessage.contains("[16,2]"), e.getMessage)
  }

  test("CrossValidator chooses the width of hashed text, several fits at once") {
    val texts = corners(120).withColumn("text", concat(lit("corner"), col("label").cast("int")))
    val words = new Tokenizer().setInputCol("text").setOutputCol("words")
    val hashed = new HashingTF().setInputCol("words").setOutputCol("hashed")
    val net = classifier().setMaxEpochs(4).setFeaturesCol("hashed")
    val search = new CrossValidator()
      .setEstimator(new Pipeline().setStages(Array(words, hashed, net)))
      .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
      .setEstimatorParamMaps(new ParamGridBuilder().addGrid(hashed.numFeatures, Array(8, 64, 32)).build())
      .setNumFolds(2)
      .setSeed(1)
      .setParallelism(2)
    val found = search.fit(texts.drop("features"))
    assert(found.avgMetrics.length == 3 && found.avgMetrics.forall(_ > 0.3))
  }

  test("one-hot columns whose width differs from fold to fold") {
    val data = corners(60).coalesce(1).withColumn("rare", when(col("held"), concat(lit("r"), col("features").cast("string")))
      .otherwise(concat(lit("c"), col("label").cast("int"))))
    val index = new StringIndexer().setInputCol("rare").setOutputCol("index").setHandleInvalid("keep")
    val oneHot = new OneHotEncoder().setInputCol("index").setOutputCol("oneHot").setHandleInvalid("keep")
    val net = classifier().setMaxEpochs(1).setFeaturesCol("oneHot")
    val pipeline = new Pipeline().setStages(Array(index, oneHot, net))
    val widths = Seq(data, data.where("label < 2"), data.where("not held")).map(d =>
      pipeline.fit(d).stages(2).asInstanceOf[NetClassificationModel].numFeatures)
    assert(widths.distinct.size == 3)
  }
}
