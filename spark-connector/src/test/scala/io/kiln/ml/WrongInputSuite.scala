package io.kiln.ml

import io.kiln.nn.{Dense, Embedding, Flatten, Sequential}
import io.kiln.spark.report.TrainingException
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

/** Everything that can be wrong is refused with a message that says what, where, and what to do. */
class WrongInputSuite extends SparkSuite {

  private def refused(words: String*)(fit: => Any): Unit = {
    val e = intercept[RuntimeException](fit)
    words.foreach(w => assert(e.getMessage.contains(w), s"\"$w\" is not in: ${e.getMessage}"))
    assert(!spark.sparkContext.isStopped)
    assert(spark.sparkContext.getPersistentRDDs.isEmpty)
  }

  private def arrays(rows: (Seq[Double], Double)*): DataFrame =
    spark.createDataFrame(rows).toDF("features", "label")

  private val good = (0 until 8).map(i => (Seq(i.toDouble, 1.0), (i % 3).toDouble))

  test("labels outside 0 to K-1") {
    refused("label", "-1.0", "0 to 2", "row 8", "StringIndexer")(
      classifier().fit(arrays(good :+ ((Seq(1.0, 2.0), -1.0)): _*).coalesce(1)))
    refused("3.0", "3 classes")(classifier().fit(arrays(good :+ ((Seq(1.0, 2.0), 3.0)): _*)))
    refused("0.5", "a whole number")(classifier().fit(arrays(good :+ ((Seq(1.0, 2.0), 0.5)): _*)))
    refused("NaN")(classifier().fit(arrays(good :+ ((Seq(1.0, 2.0), Double.NaN)): _*)))
  }

  test("text as features or labels") {
    refused("features", "string", "StringIndexer")(
      classifier().fit(arrays(good: _*).withColumn("features", lit("x"))))
    refused("labelCol", "string", "StringIndexer")(classifier().fit(arrays(good: _*).withColumn("label", lit("x"))))
  }

  test("features that are not finite, null, or of another length") {
    refused("NaN", "feature 1", "row 8 of partition 0")(
      classifier().fit(arrays(good :+ ((Seq(1.0, Double.NaN), 1.0)): _*).coalesce(1)))
    refused("Infinity")(classifier().fit(arrays(good :+ ((Seq(1.0, Double.PositiveInfinity), 1.0)): _*)))
    refused("3 features, expected 2")(classifier().fit(arrays(good :+ ((Seq(1.0, 2.0, 3.0), 1.0)): _*)))
    refused("null")(
      classifier().fit(arrays(good: _*).withColumn("features", when(col("label") < 2, col("features")))))
    refused("label", "null")(classifier().fit(arrays(good: _*).withColumn("label", when(col("label") < 2, col("label")))))
  }

  test("no rows, or fewer than workers") {
    refused("no training rows")(classifier().fit(arrays(good: _*).where("label > 5")))
    refused("no training rows")(classifier().fit(corners(30).where("label > 5")))
    refused("2 workers", "1 training rows")(classifier().setNumWorkers(2).fit(corners(1)))
  }

  test("names of losses, optimizers, schedules and metrics that do not exist") {
    refused("sigmoidBinaryCrossEntropy", "known: ", "sigmoidBce")(classifier().setLoss("sigmoidBinaryCrossEntropy"))
    refused("adamw2", "did you mean \"adamW\"?")(classifier().setOptimizer("adamw2"))
    refused("stepDecai", "did you mean \"stepDecay\"?")(classifier().setLearningRateSchedule("stepDecai"))
    refused("acuracy", "did you mean \"accuracy\"?", "loss, ")(classifier().setValidationMetric("acuracy"))
  }

  test("an id beyond its embedding, in training and in prediction") {
    val ids = arrays((0 until 8).map(i => (Seq(i.toDouble, 1.0), (i % 3).toDouble)): _*)
    val estimator = classifier().setNetwork(new Sequential(new Embedding(8, 4), new Flatten(), new Dense(3))).setBatchSize(4)
    val model = estimator.fit(ids)
    val wrong = arrays((Seq(1.0, 9.0), 0.0))
    refused("epoch 1", "feature 1 of row 0", "from 0 to 7, got 9", "enlarge the embedding")(estimator.fit(wrong))
    val e = intercept[IllegalArgumentException](model.predictRaw(Vectors.dense(1, 9)))
    assert(e.getMessage.contains("feature 1 of row 0 of the batch"), e.getMessage)
  }

  test("a silence that no wait lasts") {
    refused("heartbeatTimeout 3.5", "timeout 2")(classifier().setTimeout(2).setHeartbeatTimeout(3.5).fit(corners(30)))
    intercept[IllegalArgumentException](classifier().setHeartbeatTimeout(0.05))
    assert(classifier().getHeartbeatTimeout == 1.6)
  }

  test("more workers than slots") {
    refused("3 workers", "room for 2")(classifier().setNumWorkers(3).fit(corners(30)))
    refused("2 workers with 2 cores", "room for 1")(
      classifier().setNumWorkers(2).setCoresPerWorker(2).fit(corners(30)))
  }

  test("weights that are negative, and validation marks that are missing") {
    refused("weight", "-1.0", ">= 0")(classifier().setWeightCol("w").fit(corners(30).withColumn("w", lit(-1.0))))
    refused("validationIndicatorCol", "none of 30 rows")(
      classifier().setValidationIndicatorCol("v").fit(corners(30).withColumn("v", lit(false))))
    refused("validationIndicatorCol", "expected boolean")(
      classifier().setValidationIndicatorCol("label").fit(corners(30)))
  }

  test("columns that are missing or exist already") {
    refused("featuresCol", "no column \"x\"", "features, label, held")(
      classifier().setFeaturesCol("x").fit(corners(30)))
    refused("predictionCol", "already exists")(classifier().fit(corners(30).withColumn("prediction", lit(1.0))))
  }

  test("networks that do not fit the data or the loss") {
    refused("no network")(new NetClassifier().fit(corners(30)))
    refused("softmaxCrossEntropy needs one output per class", "Dense(numClasses)")(
      classifier().setNetwork(smallNet(1)).fit(corners(30)))
    refused("single output", "Dense(1)")(classifier().setLoss("sigmoidBce").fit(corners(30)))
    refused("inputShape", "binary")(
      classifier().fit(corners(30).withColumn("features", lit(Array[Byte](1, 2)))))
    refused("2 features, expected 4", "inputShape")(classifier().setInputShape(Array(2, 2)).fit(corners(30)))
    refused("loss")(new NetRegressor().setNetwork(smallNet(1)).setLoss("softmaxCrossEntropy").fit(corners(30)))
  }

  test("Params that are out of range") {
    val c = classifier()
    Seq[() => Any](
      () => c.setBatchSize(0),
      () => c.setMaxEpochs(0),
      () => c.setLearningRate(-1),
      () => c.setOptimizer("adamant"),
      () => c.setLearningRateSchedule("{\"stepDecay\":{}}"),
      () => c.setLoss("nothing"),
      () => c.setStorageLevel("NONE"),
      () => c.setKvStoreType("distAsync"),
      () => c.setDevice("toaster"),
      () => c.setValidationMetric("beauty"),
      () => c.setInputShape(Array())).foreach(f => intercept[IllegalArgumentException](f()))
  }

  test("Params that contradict each other are refused in transformSchema") {
    val schema = corners(3).schema
    def refusedInSchema(c: NetClassifier, words: String*): Unit = refused(words: _*)(c.transformSchema(schema))
    refusedInSchema(classifier().setNumWorkers(2).setKvStoreType("local"), "kvStoreType", "numWorkers")
    refusedInSchema(classifier().setBatchSize(1).setNumWorkers(2), "batchSize", "numWorkers")
    refusedInSchema(classifier().setEarlyStoppingPatience(2), "earlyStoppingPatience", "validationIndicatorCol")
    refusedInSchema(classifier().setCheckpointInterval(2), "checkpointInterval", "checkpointDir")
    refusedInSchema(
      classifier().setLearningRateSchedule(new io.kiln.optim.ConstantRate(0.1)), "learningRate", "schedule")
  }

  test("a training that diverges says so") {
    val e = intercept[TrainingException](
      classifier().setOptimizer("sgd").setLearningRate(1e30).fit(corners(60)))
    assert(e.getMessage.contains("diverged") && e.getMessage.contains("learningRate"), e.getMessage)
  }

  test("a batch larger than the data is all of the data") {
    val model = classifier().setBatchSize(1000).setMaxEpochs(2).fit(corners(30))
    assert(model.summary.epochs.get(0).steps == 1)
  }

  test("a checkpoint directory without room or permission") {
    val full = java.nio.file.Files.createTempFile("kiln", "file")
    refused("checkpointDir", full.toString)(
      classifier().setCheckpointDir(full.toUri.toString + "/below").fit(corners(30)))
  }

  test("what a model cannot predict") {
    val model = classifier().setMaxEpochs(1).fit(corners(30))
    refused("features", "string")(model.transform(corners(3).withColumn("features", lit("x"))))
    val longer = spark.createDataFrame(Seq(Tuple1(Vectors.dense(1, 2, 3)))).toDF("features")
    val e = intercept[Exception](model.transform(longer).collect())
    assert(Iterator.iterate[Throwable](e)(_.getCause).takeWhile(_ != null).exists(
      t => t.getMessage != null && t.getMessage.contains("3 features, expected 2") && t.getMessage.contains("trained with 2")))
    intercept[IllegalArgumentException](model.predict(Vectors.dense(1, 2, 3)))
  }

}
