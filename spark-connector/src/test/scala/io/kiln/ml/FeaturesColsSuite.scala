package io.kiln.ml

import io.kiln.nn.{Conv2D, Dense, Embedding, Flatten, Sequential}
import io.kiln.op.activation.Activation
import org.apache.spark.SparkException
import org.apache.spark.ml.{Estimator, Model, Pipeline}
import org.apache.spark.ml.feature.{OneHotEncoder, StringIndexer, VectorAssembler, VectorSizeHint}
import org.apache.spark.ml.functions.array_to_vector
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.sql.{Column, DataFrame}
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types.{DataType, DataTypes, DecimalType}

import java.nio.file.Files

/** Features from several columns are those of VectorAssembler, without it. */
class FeaturesColsSuite extends SparkSuite {
  private val Types: Seq[DataType] = Seq(
    DataTypes.DoubleType, DataTypes.FloatType, DataTypes.IntegerType, DataTypes.LongType, DataTypes.ShortType,
    DataTypes.ByteType, DataTypes.BooleanType, DecimalType(12, 4))

  private def number(c: Int): Column = {
    val x = hash(col("id"), lit(c)) / lit(3e7)
    Types(c % Types.length) match {
      case DataTypes.BooleanType => x > 0
      case t => x.cast(t)
    }
  }

  /** Rows of `n` numbers of all types, c0, c1, …, among other columns. */
  private def table(rows: Int, n: Int): DataFrame = {
    val numbers = (0 until n).map(c => number(c).as(s"c$c"))
    val (first, second) = numbers.splitAt(n / 2)
    val columns = (col("id") +: first) ++ (lit("text").as("text") +: second) ++
      Seq((col("id") % 3).cast("double").as("label"), (col("id") % 5 === 0).as("held"))
    spark.range(0, rows, 1, 2).select(columns: _*)
  }

  private def names(n: Int): Array[String] = Array.tabulate(n)(c => s"c$c")

  private def assembled(data: DataFrame, columns: Array[String]): DataFrame =
    new VectorAssembler().setInputCols(columns).setOutputCol("features").transform(data)

  private def bytes(model: HasTrainedNetwork): Seq[Byte] = model.trainedNetwork.weights.toSeq

  private def predictions(rows: DataFrame, columns: String*): Seq[Seq[Any]] =
    rows.orderBy("id").select(columns.map(col): _*).collect().toSeq.map(_.toSeq)

  private def net(): NetClassifier =
    new NetClassifier().setNetwork(new Sequential(new Dense(8, Activation.RELU), new Dense(3)))
      .setBatchSize(32).setMaxEpochs(2).setSeed(3).setStandardizeFeatures(true).setValidationIndicatorCol("held")

  test("500 columns of all numeric types are trained on and predicted as VectorAssembler's vector, bit for bit") {
    val data = table(300, 500).cache()
    val columns = names(500)
    val vectors = assembled(data, columns)
    val one = net().fit(vectors)
    val several = net().setFeaturesCols(columns).fit(data)
    assert(bytes(several) == bytes(one))
    assert(several.numFeatures == 500)
    val outputs = Seq("rawPrediction", "probability", "prediction")
    val expected = predictions(one.transform(vectors), outputs: _*)
    assert(expected.size == 300)
    assert(predictions(several.transform(data), outputs: _*) == expected)

    val dir = Files.createTempDirectory("features").resolve("model").toString
    several.write.save(dir)
    assert(predictions(NetClassificationModel.load(dir).transform(data), outputs: _*) == expected)
  }

  test("a stream is predicted as its rows are") {
    val columns = names(40)
    val data = table(60, 40)
    val model = net().setFeaturesCols(columns).fit(data)
    val dir = Files.createTempDirectory("features").resolve("rows").toString
    data.write.parquet(dir)
    val query = model.transform(spark.readStream.schema(data.schema).parquet(dir)).select("id", "probability")
      .writeStream.format("memory").queryName("predicted").start()
    try query.processAllAvailable()
    finally query.stop()
    assert(predictions(spark.table("predicted"), "probability") == predictions(model.transform(data), "probability"))
  }

  test("numbers, vectors and arrays are put together in order, by all estimators") {
    val data = table(120, 9)
      .withColumn("v", array_to_vector(array(col("c0").cast("double"), col("c1").cast("double"))))
      .withColumn("a", array(col("c8"), col("c0"), col("c4")))
      .withColumn("y", col("c0") * 0.1)
    val sized = new VectorSizeHint().setInputCol("v").setSize(2).transform(data)
    val columns = Array("c2", "v", "c3", "a")
    val flat = Array("c2", "c0", "c1", "c3", "c8", "c0", "c4")
    val vectors = assembled(data, flat)
    assert(bytes(net().setFeaturesCols(columns).fit(sized)) == bytes(net().fit(vectors)))

    val regressor = new NetRegressor().setNetwork(new Sequential(new Dense(1))).setLabelCol("y").setMaxEpochs(1).setSeed(2)
    val trained = regressor.copy(org.apache.spark.ml.param.ParamMap.empty).setFeaturesCols(columns).fit(sized)
    val same = regressor.fit(vectors)
    assert(bytes(trained) == bytes(same))
    assert(predictions(trained.transform(sized), "prediction") == predictions(same.transform(vectors), "prediction"))

    def mlp() = new MlpClassifier().setHiddenLayers(Array(4)).setMaxEpochs(1).setSeed(5)
    assert(bytes(mlp().setFeaturesCols(columns).fit(sized)) == bytes(mlp().fit(vectors)))
    def line() = new MlpRegressor().setHiddenLayers(Array(4)).setLabelCol("y").setMaxEpochs(1).setSeed(5)
    assert(bytes(line().setFeaturesCols(columns).fit(sized)) == bytes(line().fit(vectors)))

    def named() = new NetEstimator().setNetwork(new Sequential(new Dense(3))).setTargetCols(Array("label"))
      .setLosses(Array("softmaxCrossEntropy")).setMaxEpochs(1).setSeed(5)
    val byColumns = named().setInputCols(columns).fit(sized)
    val byVector = named().setInputCols(Array("features")).fit(vectors)
    assert(bytes(byColumns) == bytes(byVector))
    val output = byVector.transform(vectors).columns.last
    assert(predictions(byColumns.transform(sized), output) == predictions(byVector.transform(vectors), output))
  }

  test("one-hot columns whose sizes are known after a pipeline is fitted") {
    val data = table(120, 4).withColumn("k", (col("id") % 3).cast("string")).withColumn("l", (col("id") % 7).cast("string"))
    val indexer = new StringIndexer().setInputCols(Array("k", "l")).setOutputCols(Array("ki", "li"))
    val encoder = new OneHotEncoder().setInputCols(Array("ki", "li")).setOutputCols(Array("kv", "lv"))
    val columns = Array("kv", "c0", "lv")
    def predicted(learner: Estimator[_ <: Model[_]]): Seq[Seq[Any]] = {
      val rows = new Pipeline().setStages(Array(indexer, encoder, learner)).fit(data).transform(data)
      predictions(rows, rows.columns.last)
    }
    val vectors = new Pipeline().setStages(Array(
      indexer, encoder, new VectorAssembler().setInputCols(columns).setOutputCol("features"), net()))
      .fit(data).transform(data)
    assert(predicted(net().setFeaturesCols(columns)) == predictions(vectors, vectors.columns.last))
    val named = new NetEstimator().setNetwork(new Sequential(new Dense(3))).setTargetCols(Array("label"))
      .setLosses(Array("softmaxCrossEntropy")).setMaxEpochs(1).setInputCols(columns)
    assert(predicted(named).size == 120)
  }

  test("the columns' sizes must be known and fit") {
    val data = table(30, 4).withColumn("a", array(col("c0"), col("c1")))
      .withColumn("b", array(col("c0"))).withColumn("bytes", lit(Array[Byte](1, 2)))
    def error(columns: String*): String =
      intercept[IllegalArgumentException](net().setFeaturesCols(columns.toArray).fit(data)).getMessage
    assert(error("a", "c2", "b").contains("featuresCols: columns \"a\" and \"b\" do not state how many elements"))
    assert(error("c0", "text").contains("column \"text\" is of type string"))
    assert(error("c0", "bytes").contains("column \"bytes\" is binary"))
    assert(error("c0", "none").contains("featuresCols: no column \"none\""))
    val model = net().setFeaturesCols(Array("c0", "c1", "c2")).fit(data)
    val other = intercept[IllegalArgumentException](model.setFeaturesCols(Array("c0", "c1")).transform(data)).getMessage
    assert(other.contains("featuresCols: 2 columns, from \"c0\" on, hold 2 numbers together, the network takes rows of 3"))
    val both = intercept[IllegalArgumentException](
      net().setFeaturesCol("a").setFeaturesCols(Array("c0")).fit(data)).getMessage
    assert(both.contains("featuresCol and featuresCols are both set"))
  }

  test("wrong values name their column, or are skipped or kept") {
    val data = table(30, 12).withColumn("c8", when(col("id") === 17, lit(null)).otherwise(col("c8")))
      .withColumn("c9", when(col("id") === 4, lit(Float.NaN)).otherwise(col("c9")))
    val columns = names(12)
    def estimator(invalid: String) = net().setFeaturesCols(columns).setHandleInvalid(invalid).setNumWorkers(1)
    val wrong = intercept[IllegalArgumentException](estimator("error").fit(data)).getMessage
    assert(wrong.contains("column \"c9\"") && wrong.contains("NaN"), wrong)
    val nulls = intercept[IllegalArgumentException](estimator("error").fit(data.where("id <> 4"))).getMessage
    assert(nulls.contains("column \"c8\"") && nulls.contains("is null"), nulls)

    val model = estimator("skip").fit(data)
    assert(predictions(model.transform(data), "id").flatten == (0L until 30L).filter(i => i != 17 && i != 4))
    val kept = model.copy(org.apache.spark.ml.param.ParamMap.empty).setHandleInvalid("keep").transform(data)
    val unknown = kept.where(isnan(col("prediction")) || col("prediction").isNull).select("id").collect().map(_.getLong(0)).toSet
    val raw = kept.orderBy("id").collect().filter(_.getAs[Vector]("rawPrediction").toArray.exists(_.isNaN)).map(_.getAs[Long]("id"))
    assert(unknown.subsetOf(Set(4L, 17L)) && raw.toSeq == Seq(4L, 17L))
    val failed = intercept[SparkException](model.setHandleInvalid("error").transform(data).collect())
    val messages = Iterator.iterate[Throwable](failed)(_.getCause).takeWhile(_ != null).map(_.getMessage).mkString("\n")
    assert(messages.contains("column \"c9\"") || messages.contains("column \"c8\""), messages)

    val large = table(10, 12).withColumn("c3", lit((1L << 24) + 1))
    val exact = intercept[IllegalArgumentException](estimator("skip").fit(large)).getMessage
    assert(exact.contains("column \"c3\"") && exact.contains("16777217"), exact)
  }

  test("columns become rows of inputShape, in training and predictions") {
    val data = table(60, 16).cache()
    val columns = names(16)
    def images = new NetClassifier()
      .setNetwork(new Sequential(Conv2D.builder().channels(2).kernel(3).build(), new Flatten(), new Dense(3)))
      .setInputShape(Array(1, 4, 4)).setBatchSize(32).setMaxEpochs(1).setSeed(3).setStandardizeFeatures(true)
    val vectors = assembled(data, columns)
    val one = images.fit(vectors)
    val several = images.setFeaturesCols(columns).fit(data)
    assert(bytes(several) == bytes(one))
    assert(predictions(several.transform(data), "probability") == predictions(one.transform(vectors), "probability"))
  }

  test("an index out of range is told with its feature and row") {
    val data = spark.range(0, 20, 1, 1).select(
      col("id"), (col("id") % 5).cast("int").as("a"), (col("id") % 7).cast("int").as("b"), (col("id") % 2).cast("double").as("label"))
    val model = new NetClassifier()
      .setNetwork(new Sequential(new Embedding(10, 4), new Flatten(), new Dense(2)))
      .setFeaturesCols(Array("a", "b")).setBatchSize(16).setMaxEpochs(1).setStandardizeFeatures(false).fit(data)
    val wrong = data.withColumn("b", when(col("id") === 3, 10).otherwise(col("b")))
    val failed = intercept[SparkException](model.transform(wrong).select("prediction").collect())
    val messages = Iterator.iterate[Throwable](failed)(_.getCause).takeWhile(_ != null).map(_.getMessage).mkString("\n")
    assert(messages.contains("feature 1 of row 3"), messages)
  }

  test("vectors that train one output together must state their sizes") {
    val vector = udf((x: Double) => org.apache.spark.ml.linalg.Vectors.dense(x, x))
    val data = table(20, 4).withColumn("v", vector(col("c0"))).withColumn("w", vector(col("c0")))
    val e = intercept[IllegalArgumentException](new NetEstimator().setNetwork(new Sequential(new Dense(4)))
      .setInputCols(Array("c0")).setTargetCols(Array("v", "w")).setTargetNames(Array("output", "output")).setLosses(Array("l2"))
      .setMaxEpochs(1).fit(data))
    assert(e.getMessage.contains("columns \"v\" and \"w\" do not state how many elements they have"), e.getMessage)
  }
}
