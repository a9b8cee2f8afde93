package io.kiln.ml

import io.kiln.nn.{Dense, Sequential}
import io.kiln.ndarray.Shape
import io.kiln.op.activation.Activation
import org.apache.spark.ml.evaluation.RegressionEvaluator
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sql.DataFrame

import java.nio.file.Files

/** Training goes on from models, and leaves frozen parameters alone. */
class WarmStartSuite extends SparkSuite {

  private def values(model: NetClassificationModel): Map[String, Seq[Float]] = {
    val block = model.trainedNetwork.toBlock()
    try {
      import scala.jdk.CollectionConverters._
      block.values().asScala.map { case (n, v) => n -> v.toFloatArray.toSeq }.toMap
    } finally block.close()
  }

  test("a model's network goes on from its weights") {
    val first = classifier().setMaxEpochs(3).fit(corners(120))
    val more = classifier().setNetwork(first.trainedNetwork.toBlock()).setMaxEpochs(1).fit(corners(120))
    assert(more.summary.epochs.get(0).loss < first.summary.epochs.get(2).loss * 1.05)
    assert(more.summary.epochs.get(0).loss < first.summary.epochs.get(0).loss / 2)
  }

  test("frozen parameters keep their values, on one and two workers, in 16 bits, and through a saved estimator") {
    val body = new Sequential(new Dense(16, Activation.RELU))
    body.initialize(5)
    body.inferShapes(Shape.of(-1, 2))
    body.values()
    body.parameters().values().forEach(p => { p.freeze(); () })
    val before = body.values().get("0.weight").toFloatArray.toSeq
    val net = new Sequential(body, new Dense(3))
    val c = classifier().setMaxEpochs(2).setInputShape(Array(2)).setWeightDecay(0.1)
    def check(model: NetClassificationModel): Unit = {
      assert(values(model)("0.0.weight") == before)
      assert(model.summary.epochs.get(1).loss < model.summary.epochs.get(0).loss)
    }
    check(c.setNetwork(net).fit(corners(120)))
    check(c.setNumWorkers(2).fit(corners(120)))
    check(c.setNumWorkers(1).setPrecision("bfloat16").fit(corners(120)))
    val path = Files.createTempDirectory("kiln-frozen").resolve("estimator").toString
    c.write.save(path)
    check(NetClassifier.load(path).fit(corners(120)))
    net.parameters().values().forEach(p => { p.freeze(); () })
    val e = intercept[IllegalArgumentException](c.fit(corners(120)))
    assert(e.getMessage.contains("nothing to train") && e.getMessage.contains("4 of its parameters"))
  }

  test("a regressor goes on with the standardisation that its weights belong to") {
    def shifted(by: Double): DataFrame = spark.createDataFrame((0 until 200).map { i =>
      val x = Vectors.dense(i % 20, 1000 + i % 7)
      (x, by + 30 * x(0))
    }).toDF("features", "label")
    val rmse = new RegressionEvaluator()
    val first = new NetRegressor().setNetwork(smallNet(1)).setStandardizeFeatures(true).setLearningRate(0.02)
      .setMaxEpochs(60).setBatchSize(32).setSeed(3).fit(shifted(4000))
    val good = rmse.evaluate(first.transform(shifted(4000)))
    assert(good < 20)
    val more = new NetRegressor().setNetwork(first.trainedNetwork.toBlock()).setStandardizeFeatures(true)
      .setLearningRate(1e-9).setMaxEpochs(1).setBatchSize(32).setSeed(3).fit(shifted(4500))
    assert(math.abs(rmse.evaluate(more.transform(shifted(4000))) - good) < 0.1)
    assert(more.trainedNetwork.graphJson == first.trainedNetwork.graphJson)
  }
}
