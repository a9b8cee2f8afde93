package io.kiln.ml

import io.kiln.nn.{Dense, Embedding, Functional, Merge}
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.jdk.CollectionConverters._

/** Standardised and scaled inputs, and invalid values in columns of every type. */
class InputNormalizationSuite extends SparkSuite {
  import spark.implicits._

  private lazy val rows: DataFrame = (0 until 100).map { i =>
    (i % 4, 1000.0 + 50 * (i % 10), Vectors.dense(i % 7, 5, -3.0 * (i % 3)), (i % 10) / 5f - 1, i % 5 == 0)
  }.toDF("id", "size", "v", "y", "held").coalesce(2).cache()

  private def net: Functional = new Functional("id", "size", "v")
    .add("e", new Embedding(4, 2), "id")
    .add("size.same", new io.kiln.nn.Lambda(x => x.mul(1)), "size").add("v.same", new io.kiln.nn.Lambda(x => x.mul(1)), "v")
    .add("all", Merge.concat(1), "e", "size.same", "v.same").add("y", new Dense(1), "all").outputs("y")

  private def estimator: NetEstimator = new NetEstimator().setNetwork(net).setInputCols(Array("id", "size", "v"))
    .setTargetCols(Array("y")).setLosses(Array("l2")).setBatchSize(20).setMaxEpochs(2).setSeed(1)

  private def values(m: NetModel): Seq[(Double, Vector)] = m.setOutputNames(Array("size.same", "v.same"))
    .setOutputCols(Array("s", "w")).transform(rows).select("s", "w").collect()
    .map(r => (r.getDouble(0), r.getAs[Vector](1))).toSeq

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("named inputs are standardised with the moments of the training rows") {
    val model = estimator.setStandardizeInputs(Array("size", "v")).setValidationIndicatorCol("held").setNumWorkers(2).fit(rows)
    val train = rows.where(!$"held").agg(avg("size"), stddev_pop("size")).head()
    val raw = rows.select("size", "v").collect()
    values(model).zip(raw).foreach { case ((s, w), r) =>
      assert(math.abs(s - (r.getDouble(0) - train.getDouble(0)) / train.getDouble(1)) < 1e-4)
      assert(w(1) == 0, "a constant feature has deviation 0, and is centred only")
    }
    val dir = Files.createTempDirectory("norm").toString + "/m"
    model.write.save(dir)
    assert(values(NetModel.load(dir)) == values(model))
    val more = estimator.setNetwork(model.trainedNetwork.toBlock()).setStandardizeInputs(Array("size", "v"))
      .setTargetNames(Array("y")).setOutputNames(Array("y")).setOutputCols(Array("out")).setMaxEpochs(1).fit(rows)
    assert(more.trainedNetwork.graph.parameters.asScala.count(_.name == "size:mean") == 1)
  }

  test("each input has a scale of its own") {
    val model = estimator.setInputScales(Array(1, 0.001, 2)).fit(rows)
    values(model).zip(rows.select("size", "v").collect()).foreach { case ((s, w), r) =>
      assert(math.abs(s - r.getDouble(0) / 1000) < 1e-6 && math.abs(w(0) - 2 * r.getAs[Vector](1)(0)) < 1e-6)
    }
    assert(message(estimator.setInputScales(Array(2, 1, 1)).fit(rows)).contains("inputScales: is 2.0 for input id, which takes int32"))
    assert(message(estimator.setInputScales(Array(2)).fit(rows)).contains("inputScales: has 1 entries, inputCols has 3"))
    val pair = estimator.setNetwork(new Functional("x").add("y", new Dense(1), "x").outputs("y")).setInputCols(Array("size", "y"))
    assert(message(pair.setInputScales(Array(1, 2)).fit(rows))
      .contains("inputScales: are [1.0, 2.0] for columns [size, y], which feed input x together"))
    assert(message(estimator.setInputScale(0.5).setInputScales(Array(1, 1, 1)).fit(rows)).contains("inputScale: is 0.5, but inputScales"))
    assert(message(estimator.setStandardizeInputs(Array("id")).fit(rows)).contains("standardizeInputs: input id is int32"))
    assert(message(estimator.setStandardizeInputs(Array("x")).fit(rows)).contains("the network has no input \"x\""))
  }

  test("invalid values in columns of every type are refused, skipped or kept") {
    val nan = Double.NaN
    val base = (0 until 12).map(i => (i, i == 5)).toDF("i", "bad").coalesce(1)
    val (fine, bad) = (lit(1.0), $"bad")
    val cases = Seq[(String, org.apache.spark.sql.Column, String)](
      ("double null", when(bad, lit(null)).otherwise(fine), ""),
      ("double NaN", when(bad, lit(nan)).otherwise(fine), ""),
      ("infinite", when(bad, lit(Double.PositiveInfinity)).otherwise(fine), ""),
      ("int null", when(bad, lit(null)).otherwise(lit(1)), "float32[1]"),
      ("long null", when(bad, lit(null)).otherwise(lit(1L)), "int64[1]"),
      ("boolean null", when(bad, lit(null)).otherwise(lit(true)), ""),
      ("NaN as int", when(bad, lit(nan)).otherwise(fine), "int32[1]"),
      ("array null", when(bad, lit(null)).otherwise(array(fine)), ""),
      ("array element null", when(bad, array(lit(null).cast("double"))).otherwise(array(fine)), ""),
      ("array element NaN", array(when(bad, lit(nan)).otherwise(fine)), ""),
      ("float array element NaN", array(when(bad, lit(Float.NaN)).otherwise(lit(1f))), ""),
      ("int array element null", when(bad, array(lit(null).cast("int"))).otherwise(array(lit(1))), "int32[1]"),
      ("sequence null", when(bad, lit(null)).otherwise(array(lit(1))), "int32[-1]"),
      ("sequence element null", when(bad, array(lit(1), lit(null))).otherwise(array(lit(1))), "int32[-1]"),
      ("sequence element NaN", when(bad, array(lit(nan))).otherwise(array(fine)), "float32[-1]"),
      ("nested null", when(bad, array(lit(null).cast("array<double>"))).otherwise(array(array(fine))), "float32[-1,1]"),
      ("nested element NaN", when(bad, array(array(lit(nan)))).otherwise(array(array(fine))), "float32[-1,1]"),
      ("vector NaN", udf((b: Boolean) => Vectors.dense(if (b) nan else 1.0)).apply($"bad"), ""),
      ("sparse vector NaN", udf((b: Boolean) => Vectors.sparse(1, Array(0), Array(if (b) nan else 1.0))).apply($"bad"), ""),
      ("binary null", when(bad, lit(null)).otherwise(lit(Array[Byte](3))), "float32[1]"),
      ("tokens null", when(bad, lit(null)).otherwise(lit("a b")), "words hash(9)"))
    val one = new io.kiln.nn.Lambda(x => {
      val f = x.cast(io.kiln.ndarray.DType.FLOAT32)
      f.mean(java.util.stream.IntStream.range(1, f.shape.rank).toArray: _*).expandDims(1)
    })
    cases.foreach { case (name, column, types) =>
      val data = base.select($"bad", column.as("x"), $"i".cast("float").as("y")).cache()
      def learner = new NetEstimator().setInputCols(Array("x")).setInputTypes(Array(types)).setTargetCols(Array("y"))
        .setLosses(Array("l2")).setMaxEpochs(1).setBatchSize(12).setSeed(1)
        .setNetwork(new Functional("x").add("mean", one, "x").add("s", new Dense(1), "mean").outputs("s"))
      val refused = message(learner.fit(data))
      assert(refused.contains("input x: column \"x\"") && refused.contains("(row 5 of partition 0)"), name + ": " + refused)
      val model = learner.setHandleInvalid("skip").fit(data)
      assert(model.transform(data).count() == 11, name)
      val kept = model.setHandleInvalid("keep").transform(data)
      assert(kept.count() == 12 && kept.where($"bad" && isnan($"s")).count() == 1 && kept.where(isnan($"s")).count() == 1, name)
      assert(intercept[Exception](model.setHandleInvalid("error").transform(data).collect()).getMessage.contains("input x"), name)
      data.unpersist()
    }
  }

  test("invalid targets and weights are refused or left out of training") {
    val base = rows.withColumn("i", monotonically_increasing_id()).limit(40).coalesce(1)
    Seq[(String, org.apache.spark.sql.Column)](("null", lit(null)), ("NaN", lit(Float.NaN))).foreach { case (name, value) =>
      val data = base.withColumn("y", when($"id" === 2, value).otherwise($"y")).withColumn("w", when($"id" === 1, value).otherwise(lit(1f))).cache()
      assert(message(estimator.fit(data)).contains("target y: column \"y\""), name)
      assert(message(estimator.setWeightCol("w").fit(data.where($"id" =!= 2))).contains("weight: column \"w\""), name)
      val model = estimator.setWeightCol("w").setHandleInvalid("skip").fit(data)
      assert(model.setOutputCols(Array("out")).transform(data).count() == 40, name + ": prediction does not read targets")
      assert(model.summary.epochs.get(0).rows == 20, name)
    }
  }
}
