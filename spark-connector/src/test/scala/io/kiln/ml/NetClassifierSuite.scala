package io.kiln.ml

import io.kiln.ndarray.{DType, NDArray, Scope, Shape}
import io.kiln.nn.{Dense, GraphBlock, Sequential}
import io.kiln.op.activation.Activation
import io.kiln.spark.report.TrainingException
import io.kiln.graph.Graph
import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.classification.OneVsRest
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.feature.StandardScaler
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.tuning.{CrossValidator, ParamGridBuilder, TrainValidationSplit}
import org.apache.spark.sql.{DataFrame, Dataset, Row}
import org.apache.spark.sql.functions._

class NetClassifierSuite extends SparkSuite {

  private def evaluator = new MulticlassClassificationEvaluator().setMetricName("accuracy")

  private lazy val test300 = corners(300, seed = 2)

  private def weights(model: NetClassificationModel): Seq[Byte] = model.trainedNetwork.weights.toSeq

  test("learns classes from vectors, and says how training went") {
    val model = classifier().fit(corners(600))
    assert(evaluator.evaluate(model.transform(test300)) > 0.95)
    val epochs = model.summary.epochs
    assert(epochs.size == 8)
    assert(epochs.get(7).loss < epochs.get(0).loss / 2)
    assert(epochs.get(0).samplesPerSecond > 0)
    assert(epochs.get(0).rows == 600 && epochs.get(0).steps == 19)
  }

  test("a model that was just fitted can be used in the closure of a Spark job") {
    val model = classifier().fit(corners(600))
    val epochs = spark.sparkContext.parallelize(1 to 2, 2).map(_ => model.summary.totalIterations)
    assert(epochs.collect().toSeq == Seq.fill(2)(model.summary.totalIterations))
  }

  test("two workers learn what one learns, and the same bits every time") {
    val one = classifier().fit(corners(600))
    val two = classifier().setNumWorkers(2).fit(corners(600))
    one.summary.lossHistory.zip(two.summary.lossHistory).foreach { case (a, b) =>
      assert(math.abs(a - b) <= 1e-5 * math.abs(a))
    }
    assert(weights(two) == weights(classifier().setNumWorkers(2).fit(corners(600))))
    assert(weights(one) == weights(classifier().fit(corners(600))))
    assert(weights(one) != weights(classifier().setSeed(8).fit(corners(600))))
  }

  test("bfloat16 learns what float32 learns, with float32 weights, and other bits") {
    val narrow = classifier().setPrecision("bfloat16").fit(corners(600))
    assert(evaluator.evaluate(narrow.transform(test300)) > 0.95)
    assert(narrow.summary.epochs.get(7).loss < narrow.summary.epochs.get(0).loss / 2)
    val scope = Scope.open()
    try {
      val saved = io.kiln.format.SafeTensors.read(narrow.trainedNetwork.weights).tensors
      saved.forEach((name, w) => assert(w.dtype == DType.FLOAT32, name))
      assert(!Graph.fromJson(narrow.trainedNetwork.graphJson).toJson.contains("bfloat16"))
    } finally scope.close()
    assert(weights(narrow) != weights(classifier().fit(corners(600))))
    assert(weights(narrow) == weights(classifier().setPrecision("bfloat16").fit(corners(600))))
    intercept[IllegalArgumentException](classifier().setPrecision("int8"))
  }

  test("float16 learns what float32 learns, and scales its losses") {
    val narrow = classifier().setPrecision("float16").fit(corners(600))
    assert(evaluator.evaluate(narrow.transform(test300)) > 0.95)
    assert(narrow.summary.epochs.get(7).gradients.lossScale >= 1024)
    assert(weights(narrow) == weights(classifier().setPrecision("float16").fit(corners(600))))
  }

  test("a bound on the memory of a step changes no bit, and one that cannot be met says what is needed") {
    def deep = classifier().setMaxEpochs(1)
      .setNetwork(new Sequential((0 until 8).map(_ => new Dense(32, Activation.TANH)) :+ new Dense(3): _*))
    val refused = intercept[TrainingException](deep.setMemoryBudget(1).fit(corners(90)))
    val least = "memoryBudget: the program needs at least (\\d+) bytes".r.findFirstMatchIn(refused.getMessage).get.group(1).toLong
    assert(weights(deep.setMemoryBudget(least).fit(corners(90))) == weights(deep.fit(corners(90))))
    intercept[IllegalArgumentException](classifier().setMemoryBudget(-1))
  }

  test("the validation loss is that of what the model gives") {
    val data = corners(300).withColumn("held", rand(4) < 0.3).cache()
    val model = classifier().setMaxEpochs(2).setValidationIndicatorCol("held").fit(data)
    val losses = model.transform(data.where("held")).select("probability", "label").collect().map(r =>
      -math.log(r.getAs[Vector](0)(r.getDouble(1).toInt)))
    val reported = model.summary.epochs.get(1).validationLoss
    assert(math.abs(reported - losses.sum / losses.length) < 1e-5 * reported)
    data.unpersist(true)
  }

  test("full batches are compiled, and say what single rows say") {
    val model = classifier().setMaxEpochs(2).setPredictionBatchSize(16).fit(corners(300))
    val rows = model.transform(test300.coalesce(1)).select("rawPrediction", "features").collect()
    rows.foreach { r =>
      val one = model.predictRaw(r.getAs[Vector](1)).toArray
      one.zip(r.getAs[Vector](0).toArray).foreach { case (a, b) => assert(math.abs(a - b) < 1e-4) }
    }
  }

  test("labels may be smoothed, and easy rows count less") {
    for (loss <- Seq("smoothedCrossEntropy", "softmaxFocal")) {
      val model = classifier().setLoss(loss).fit(corners(600))
      assert(evaluator.evaluate(model.transform(test300)) > 0.95, loss)
    }
  }

  test("the partitions of the DataFrame do not change the result as long as the rows' order is the same") {
    assert(weights(classifier().setMaxEpochs(2).fit(corners(100).coalesce(1))) ==
      weights(classifier().setMaxEpochs(2).fit(corners(100))))
  }

  test("all kinds of features teach the same") {
    val dense = corners(90).withColumn("features", udf((v: Vector) =>
      Vectors.dense(v.toArray.map(x => math.rint(x * 8 + 20)))).apply(col("features")))
    def fit(data: DataFrame) = weights(classifier().setMaxEpochs(2).setInputShape(Array(2)).setInputScale(0.05).fit(data))
    val expected = fit(dense)
    assert(fit(dense.withColumn("features", udf((v: Vector) => v.toSparse).apply(col("features")))) == expected)
    assert(fit(dense.withColumn("features", udf((v: Vector) => v.toArray.map(_.toFloat)).apply(col("features")))) == expected)
    assert(fit(dense.withColumn("features", udf((v: Vector) => v.toArray).apply(col("features")))) == expected)
    assert(fit(dense.withColumn("features", udf((v: Vector) => v.toArray.map(_.toByte)).apply(col("features")))) == expected)
  }

  test("predictions are those of the engine") {
    val model = classifier().setMaxEpochs(2).fit(corners(90))
    val rows = model.transform(test300).select("features", "rawPrediction", "probability", "prediction").collect()
    val scope = Scope.open()
    try {
      val net = new GraphBlock(Graph.fromJson(model.trainedNetwork.graphJson))
      net.load(io.kiln.format.SafeTensors.read(model.trainedNetwork.weights).tensors)
      rows.foreach { row =>
        val x = row.getAs[Vector](0)
        val raw = row.getAs[Vector](1)
        val p = row.getAs[Vector](2)
        val y = row.getDouble(3)
        val out = net.forward(NDArray.of(Shape.of(1, 2), x.toArray.map(_.toFloat): _*))
        out.cast(DType.FLOAT64).toDoubleArray.zip(raw.toArray).foreach { case (a, b) => assert(math.abs(a - b) < 1e-5) }
        assert(math.abs(p.toArray.sum - 1) < 1e-12)
        assert(y == raw.argmax.toDouble)
        assert(model.predict(x) == y)
        assert(math.abs(model.predictProbability(x)(0) - p(0)) < 1e-6)
      }
    } finally scope.close()
  }

  test("thresholds shift predictions") {
    val model = classifier().setMaxEpochs(1).fit(corners(90))
    model.setThresholds(Array(1e-9, 1, 1))
    assert(model.transform(test300).where("prediction = 0").count() == 300)
    intercept[IllegalArgumentException](model.setThresholds(Array(0.5, 0.5)))
    intercept[IllegalArgumentException](classifier().setThresholds(Array(0.5, 0.5)).fit(corners(30)))
  }

  test("output columns may be left out, other columns and metadata pass through") {
    val model = classifier().setMaxEpochs(1).fit(corners(30))
    model.setRawPredictionCol("").setProbabilityCol("")
    val out = model.transform(corners(30))
    assert(out.columns.toSeq == Seq("features", "label", "held", "prediction"))
    assert(out.drop("prediction").collect().toSeq == corners(30).collect().toSeq)
    val scaled = model.transform(corners(30).withColumn("label", col("label").as("label",
      new org.apache.spark.sql.types.MetadataBuilder().putString("about", "it").build())))
    assert(scaled.schema("label").metadata.getString("about") == "it")
  }

  test("works in a Pipeline, a CrossValidator, a TrainValidationSplit and OneVsRest") {
    val net = classifier().setMaxEpochs(2).setFeaturesCol("scaled")
    val scaler = new StandardScaler().setInputCol("features").setOutputCol("scaled")
    val grid = new ParamGridBuilder().addGrid(net.learningRate, Array(1e-6, 0.05)).build()
    val cv = new CrossValidator()
      .setEstimator(new Pipeline().setStages(Array(scaler, net)))
      .setEvaluator(evaluator)
      .setEstimatorParamMaps(grid)
      .setNumFolds(2)
      .setSeed(1)
    val best = cv.fit(corners(240)).bestModel.asInstanceOf[PipelineModel]
    assert(best.stages(1).asInstanceOf[NetClassificationModel].parent.extractParamMap().apply(net.learningRate) == 0.05)

    val split = new TrainValidationSplit().setEstimator(classifier().setMaxEpochs(2)).setEvaluator(evaluator)
      .setEstimatorParamMaps(new ParamGridBuilder().addGrid(classifier().maxEpochs, Array(1, 2)).build()).setSeed(1)
    assert(split.fit(corners(120)).validationMetrics.length == 2)

    val ovr = new OneVsRest().setClassifier(classifier().setNetwork(smallNet(1)).setLoss("sigmoidBce").setMaxEpochs(6))
    assert(evaluator.evaluate(ovr.fit(corners(300)).transform(test300)) > 0.9)
  }

  test("a single output tells two classes apart") {
    val two = corners(300).where("label < 2")
    val model = classifier().setNetwork(smallNet(1)).setLoss("sigmoidBce").fit(two)
    assert(model.numClasses == 2)
    assert(evaluator.evaluate(model.transform(two)) > 0.95)
  }

  test("rows of weight 0 teach nothing, weights count like repetitions") {
    val data = corners(60)
    val spoiled = data.withColumn("w", lit(1.0)).unionAll(
      data.withColumn("label", lit(0.0)).withColumn("w", lit(0.0)))
    val model = classifier().setMaxEpochs(20).setWeightCol("w").fit(spoiled)
    assert(evaluator.evaluate(model.transform(test300)) > 0.9)
  }

  test("early stopping keeps the best epoch's weights") {
    val noise = pmod(hash(monotonically_increasing_id()), lit(3)).cast("double")
    val data = corners(200).coalesce(1).withColumn("label", noise)
    val stopped = classifier().setLearningRate(0.3).setMaxEpochs(60).setValidationIndicatorCol("held")
      .setEarlyStoppingPatience(2).setValidationMetric("loss").fit(data)
    val s = stopped.summary
    assert(s.epochs.size < 60)
    val losses = (0 until s.epochs.size).map(s.epochs.get(_).validationLoss)
    assert(s.bestEpoch == losses.indexOf(losses.min) + 1)
    assert(s.epochs.size == s.bestEpoch + 2)
    val upToBest = classifier().setLearningRate(0.3).setMaxEpochs(s.bestEpoch).setValidationIndicatorCol("held").fit(data)
    assert(weights(upToBest) == weights(stopped))
    assert(s.metricName == "accuracy" && s.epochs.get(0).metric <= 1)
  }

  test("fit, copy and fit with extra Params leave the estimator as it was") {
    val c = classifier().setMaxEpochs(1)
    val before = c.extractParamMap().toString
    val model = c.fit(corners(30), ParamMap(c.maxEpochs -> 2, c.predictionCol -> "p"))
    assert(model.summary.epochs.size == 2)
    assert(model.transform(corners(3)).columns.contains("p"))
    assert(c.extractParamMap().toString == before)
    val copy = c.copy(ParamMap(c.batchSize -> 7))
    assert(copy.getBatchSize == 7 && c.getBatchSize == 32 && copy.uid == c.uid)
    val modelCopy = model.copy(ParamMap.empty)
    assert(modelCopy.uid == model.uid && modelCopy.parent == model.parent && modelCopy.hasSummary)
    assert(c.explainParams().contains("rows per step"))
  }

  test("a network trained before goes on from its weights") {
    val net = new Sequential(new Dense(16, Activation.RELU), new Dense(3))
    net.initialize(5)
    net.inferShapes(Shape.of(-1, 2))
    net.values()
    val rate = 1e-12
    val model = classifier().setNetwork(net).setLearningRate(rate).setMaxEpochs(1).fit(corners(30))
    val scope = Scope.open()
    try {
      val kept = io.kiln.format.SafeTensors.read(model.trainedNetwork.weights).tensors
      net.values().forEach((n, v) => assert(
        v.toFloatArray.zip(kept.get(n).toFloatArray).forall { case (a, b) => math.abs(a - b) < 1e-6 }))
    } finally scope.close()
  }

  test("a streaming DataFrame is predicted by the same code") {
    val model = classifier().setMaxEpochs(2).fit(corners(90))
    val rows = corners(50)
    val expected = model.transform(rows).select("prediction").collect().map(_.getDouble(0)).sorted.toSeq
    val arriving = java.nio.file.Files.createTempDirectory("kiln-stream").resolve("rows").toString
    rows.write.parquet(arriving)
    val query = model.transform(spark.readStream.schema(rows.schema).parquet(arriving))
      .writeStream.format("memory").queryName("predicted").outputMode("append").start()
    try {
      query.processAllAvailable()
      assert(spark.table("predicted").select("prediction").collect().map(_.getDouble(0)).sorted.toSeq == expected)
    } finally query.stop()
  }

  test("the training curve is drawn") {
    val model = classifier().setValidationIndicatorCol("held").setMaxEpochs(2).fit(corners(60))
    val dir = java.nio.file.Files.createTempDirectory("kiln-curve")
    Seq("a.png", "b.svg").foreach { name =>
      model.summary.saveCurve(dir.resolve(name))
      assert(java.nio.file.Files.size(dir.resolve(name)) > 1000)
    }
    intercept[IllegalArgumentException](model.summary.saveCurve(dir.resolve("c.doc")))
  }

  test("many models one after another leave no memory behind") {
    def bytes: Long = io.kiln.backend.Backends.current().allocator().liveBytes()
    val data: Dataset[Row] = corners(60)
    def once(): Unit = { classifier().setMaxEpochs(1).setNumWorkers(2).fit(data); () }
    once()
    val before = bytes
    (0 until 10).foreach(_ => once())
    assert(bytes <= before)
    assert(spark.sparkContext.getPersistentRDDs.isEmpty)
    assert(!Thread.getAllStackTraces.keySet.stream.anyMatch(_.getName.startsWith("kiln-feed")))
  }
}
