package io.kiln.ml

import io.kiln.nn.{Dense, Dropout, Embedding, Functional, Merge, Sequential}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.util.Random

/** Wide sparse vectors, which stay sparse, beside the same rows as arrays, which are dense. */
class SparseVectorsSuite extends SparkSuite {
  import spark.implicits._

  private val columns = 8192
  private val used = 600

  /** Words of two topics; every 40th row is empty. */
  private def vectors(n: Int, width: Int = columns): Seq[(Vector, Double, Double)] = {
    val random = new Random(11)
    (0 until n).map { i =>
      val label = i % 2
      val words = if (i % 40 == 7) 0 else 3 + random.nextInt(15)
      val counts = Seq.fill(words)(random.nextInt(used / 2) * 2 + (if (random.nextInt(4) == 0) 1 - label else label))
        .groupBy(identity).map { case (w, all) => (w, all.size.toDouble) }
      (Vectors.sparse(width, counts.toSeq), label.toDouble, random.nextDouble())
    }
  }

  private def frame(rows: Seq[(Vector, Double, Double)]): DataFrame =
    spark.createDataFrame(rows).toDF("features", "label", "age").coalesce(2)

  private def asArrays(data: DataFrame): DataFrame = {
    val floats = udf((v: Vector) => v.toArray.map(_.toFloat))
    data.withColumn("features", floats($"features"))
  }

  private def classifier(optimizer: String): NetClassifier = new NetClassifier()
    .setNetwork(new Sequential(new Dense(8, Activation.RELU), new Dense(2)))
    .setOptimizer(optimizer).setLearningRate(0.1).setBatchSize(32).setMaxEpochs(2).setNumWorkers(2).setSeed(5)

  private def assertClose(a: Seq[Double], b: Seq[Double], tolerance: Double): Unit = {
    assert(a.size == b.size)
    a.zip(b).foreach { case (x, y) => assert(math.abs(x - y) <= tolerance, s"$a $b") }
  }

  private def probabilities(predicted: DataFrame): Seq[Double] =
    predicted.select("probability").collect().toSeq.map(_.getAs[Vector](0)(1))

  private def weights(model: NetClassificationModel): Array[Float] = {
    val block = model.trainedNetwork.toBlock
    try block.parameters.get("0.weight").value.toFloatArray
    finally block.close()
  }

  for (optimizer <- Seq("sgd", "adaGrad", "adamW")) {
    test(s"20 steps of $optimizer on sparse rows give what they give on dense ones") {
      val data = frame(vectors(320))
      val sparse = classifier(optimizer).setMaxEpochs(2).fit(data)
      val dense = classifier(optimizer).setMaxEpochs(2).fit(asArrays(data))
      assertClose(sparse.summary.objectiveHistory.toSeq, dense.summary.objectiveHistory.toSeq, 2e-5)
      assertClose(probabilities(sparse.transform(data)), probabilities(dense.transform(asArrays(data))), 2e-4)
    }
  }

  test("adam leaves the weights of columns that no row has, and learns the others") {
    val data = frame(vectors(640))
    val (one, four) = (weights(classifier("adam").setMaxEpochs(1).fit(data)), classifier("adam").setMaxEpochs(4).fit(data))
    val after = weights(four)
    for (u <- 0 until 8) {
      assert((used until columns).forall(c => one(u * columns + c) == after(u * columns + c)))
      assert((0 until used).exists(c => one(u * columns + c) != after(u * columns + c)))
    }
    assert(four.transform(data).where($"prediction" === $"label").count() > 560)
  }

  test("momentum and decay in bfloat16 train on sparse rows") {
    val data = frame(vectors(320))
    val model = classifier("""{"sgd":{"momentum":0.9}}""").setWeightDecay(1e-4).setGradientClipNorm(1).setPrecision("bfloat16")
      .setMaxEpochs(4).fit(data)
    assert(model.summary.objectiveHistory.last < model.summary.objectiveHistory.head)
  }

  test("dense vectors, empty rows and empty partitions among sparse ones change nothing") {
    val rows = vectors(320)
    val mixed = rows.zipWithIndex.map { case ((v, y, a), i) => (if (i % 50 == 3) v.toDense: Vector else v, y, a) }
    val expected = classifier("sgd").fit(frame(rows).coalesce(1))
    val withGaps = spark.createDataFrame(spark.sparkContext.parallelize(mixed.map(Row.fromTuple), 1)
      .union(spark.sparkContext.emptyRDD[Row]).union(spark.sparkContext.parallelize(Seq.empty[Row], 3)), frame(rows).schema)
    val model = classifier("sgd").fit(withGaps)
    assertClose(model.summary.objectiveHistory.toSeq, expected.summary.objectiveHistory.toSeq, 1e-6)
    assertClose(probabilities(model.transform(withGaps)), probabilities(expected.transform(frame(rows))), 1e-5)
  }

  test("a saved model has dense weights and predicts the same after it is read") {
    val data = frame(vectors(200))
    val model = classifier("adam").fit(data)
    val path = Files.createTempDirectory("sparse").toString
    model.write.overwrite().save(path)
    val again = NetClassificationModel.load(path)
    assert(probabilities(again.transform(data)) == probabilities(model.transform(data)))
    assertClose(probabilities(again.transform(asArrays(data))), probabilities(model.transform(data)), 1e-5)
    val first = data.head().getAs[Vector](0)
    assert(math.abs(again.predictProbability(first)(1) - probabilities(again.transform(data)).head) < 1e-5)
  }

  test("validation rows, row weights and inputScale act on sparse rows as on dense ones") {
    val data = frame(vectors(320)).withColumn("held", $"age" > 0.8)
    val fit = classifier("sgd").setValidationIndicatorCol("held").setWeightCol("age").setInputScale(0.5)
    val (sparse, dense) = (fit.fit(data), fit.fit(asArrays(data)))
    val losses = (m: NetClassificationModel) => m.summary.epochs.toArray.toSeq.map(_.toString.split("validationLoss=")(1).split("[,\\]]")(0).toDouble)
    assertClose(losses(sparse), losses(dense), 2e-5)
    assertClose(probabilities(sparse.transform(data)), probabilities(dense.transform(asArrays(data))), 2e-4)
  }

  test("an invalid sparse row is kept as NaN, skipped, or an error with its column") {
    val data = frame(vectors(64))
    val model = classifier("sgd").fit(data)
    val bad = frame(vectors(4) :+ ((Vectors.sparse(columns, Seq((3, Double.NaN))), 0.0, 0.0)))
    assert(model.setHandleInvalid("keep").transform(bad).select("probability").collect().last.getAs[Vector](0)(0).isNaN)
    assert(model.setHandleInvalid("skip").transform(bad).count() == 4)
    val wrong = intercept[Exception](model.setHandleInvalid("error").transform(bad).collect())
    assert(Iterator.iterate[Throwable](wrong)(_.getCause).takeWhile(_ != null).exists(_.getMessage.contains("column \"features\"")))
  }

  test("a network that does not begin with Dense gets dense batches, unless they are too large") {
    val data = frame(vectors(64))
    def dropped(units: Int) = new Sequential(new Dropout(0.1), new Dense(units), new Dense(2))
    val model = classifier("sgd").setNetwork(dropped(4)).fit(data)
    assert(probabilities(model.transform(data)).forall(p => p > 0 && p < 1))
    val wide = frame(vectors(64, 1 << 24))
    val wrong = intercept[IllegalArgumentException](classifier("sgd").setNetwork(dropped(1)).fit(wide)).getMessage
    assert(wrong.contains("column \"features\" has sparse rows of 16777216 columns") && wrong.contains("begin with Dense"), wrong)
  }

  test("one of several inputs is sparse, and two layers read it") {
    def network = new Functional("words", "age")
      .add("wide", new Dense(2), "words")
      .add("deep", new Dense(6, Activation.TANH), "words")
      .add("all", Merge.concat(1), "wide", "deep", "age")
      .add("topic", new Dense(2), "all")
    def fit = new NetEstimator().setNetwork(network).setInputCols(Array("features", "age")).setInputTypes(Array("", "float32[1]"))
      .setTargetCols(Array("label")).setLosses(Array("softmaxCrossEntropy"))
      .setOptimizer("sgd").setLearningRate(0.1).setBatchSize(32).setMaxEpochs(2).setNumWorkers(2).setSeed(5)
    val data = frame(vectors(320)).withColumn("label", $"label".cast("int"))
    val (sparse, dense) = (fit.fit(data), fit.fit(asArrays(data)))
    assertClose(sparse.summary.objectiveHistory.toSeq, dense.summary.objectiveHistory.toSeq, 2e-5)
    val (a, b) = (sparse.setOutputNames(Array("softmax(topic)", "deep")).setOutputCols(Array("probability", "deep")),
      dense.setOutputNames(Array("softmax(topic)", "deep")).setOutputCols(Array("probability", "deep")))
    assertClose(probabilities(a.transform(data)), probabilities(b.transform(asArrays(data))), 2e-4)
  }

  test("an embedding with row gradients trains as one with dense gradients, on one worker and on two") {
    def network(byRows: Boolean) = {
      val table = new Embedding(5000, 4)
      new Functional("word").add("vector", if (byRows) table.withRowGradient() else table, "word").add("topic", new Dense(2), "vector")
    }
    val data = frame(vectors(320)).select($"label".cast("int").as("label"), (round($"age" * 2000).cast("int") * 2 + $"label").cast("int").as("word"))
    def fit(byRows: Boolean, workers: Int) = new NetEstimator().setNetwork(network(byRows)).setInputCols(Array("word"))
      .setTargetCols(Array("label")).setLosses(Array("softmaxCrossEntropy"))
      .setOptimizer("adaGrad").setLearningRate(0.1).setBatchSize(32).setMaxEpochs(3).setNumWorkers(workers).setSeed(5).fit(data)
    val expected = fit(byRows = false, 1).summary.objectiveHistory.toSeq
    assertClose(fit(byRows = true, 1).summary.objectiveHistory.toSeq, expected, 2e-5)
    assertClose(fit(byRows = true, 2).summary.objectiveHistory.toSeq, expected, 2e-5)
  }
}
