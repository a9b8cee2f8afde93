package io.kiln.ml

import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.feature.HashingTF
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sql.functions._

import java.nio.file.Files

/** Multilayer perceptrons, whose networks follow from the rows. */
class MlpSuite extends SparkSuite {

  private def wrong(work: => Any): String = intercept[IllegalArgumentException](work).getMessage

  test("classes and features come from the rows; layers must agree; pipelines are saved") {
    val data = corners(150)
    val mlp = new MlpClassifier().setMaxEpochs(30).setSeed(1)
    val pipeline = new Pipeline().setStages(Array(mlp))
    val path = Files.createTempDirectory("kiln-mlp").toString
    pipeline.write.overwrite().save(path + "/estimator")
    val fitted = Pipeline.load(path + "/estimator").fit(data)
    fitted.write.overwrite().save(path + "/model")
    val model = PipelineModel.load(path + "/model")
    val accuracy = new MulticlassClassificationEvaluator().setMetricName("accuracy")
    assert(accuracy.evaluate(model.transform(corners(90, seed = 3))) > 0.95)
    val net = fitted.stages(0).asInstanceOf[NetClassificationModel]
    assert(net.numClasses == 3 && net.parent.isInstanceOf[MlpClassifier])
    assert(net.trainedNetwork.graphJson.contains("features:mean"), "standardised")
    assert(!mlp.isDefined(mlp.network))

    val same = new MlpClassifier().setLayers(Array(2, 5, 4, 3)).setMaxEpochs(1).fit(data)
    assert(same.trainedNetwork.graphJson.contains("hidden.1.weight"))
    val few = intercept[RuntimeException](new MlpClassifier().setLayers(Array(2, 5, 2)).fit(data))
    assert(few.getMessage.contains("2 classes"), few.getMessage)
    assert(wrong(new MlpClassifier().setLayers(Array(4, 5, 3)).fit(data)).contains("begins with 4 features"))
    assert(wrong(new MlpClassifier().setLayers(Array(2, 3)).setHiddenLayers(Array(4)).fit(data)).contains("both set"))
    assert(wrong(new MlpClassifier().setNetwork(smallNet(3)).fit(data)).contains("builds its network"))
    assert(wrong(new MlpClassifier().fit(data.withColumn("label", col("label") + 0.5))).contains("label of 2.5"))
    val single = new MlpClassifier().setLoss("sigmoidBce").setMaxEpochs(1).fit(data.where("label < 2"))
    assert(single.numClasses == 2 && single.trainedNetwork.outputs == 1)
    val two = new MlpClassifier().setHiddenLayers(Array.empty[Int]).setMaxEpochs(1).fit(data.where("label = 0"))
    assert(two.numClasses == 2)
  }

  test("wide sparse rows stay sparse") {
    val words = spark.createDataFrame((0 until 60).map(i => (Array(s"w${i % 3}", "all"), i % 3))).toDF("words", "label")
    val counts = new HashingTF().setInputCol("words").setOutputCol("features").setNumFeatures(1 << 14).transform(words)
    val model = new MlpClassifier().setMaxEpochs(20).setLearningRate(0.01).setSeed(1).fit(counts)
    assert(!model.trainedNetwork.graphJson.contains("features:mean"))
    assert(model.transform(counts).where("prediction = label").count() == 60)
  }

  test("a linear relation is found by the linear part") {
    val line = spark.createDataFrame((0 until 300).map { i =>
      val x = Vectors.dense(i % 17, 100 * (i % 11))
      (x, 7 + 2 * x(0) - 0.05 * x(1))
    }).toDF("features", "label")
    val model = new MlpRegressor().setSeed(1).setLearningRate(0.01).fit(line)
    assert(model.parent.isInstanceOf[MlpRegressor])
    assert(model.transform(line).select(max(abs(col("prediction") - col("label")))).head().getDouble(0) < 3)
    val linear = new MlpRegressor().setHiddenLayers(Array.empty[Int]).setMaxEpochs(1).fit(line)
    assert(linear.trainedNetwork.toBlock().parameters().size() == 4, "weight, bias, mean and factor")
    assert(wrong(new MlpRegressor().setLayers(Array(2, 3, 2)).fit(line)).contains("the labels need 1"))
  }
}
