package io.kiln.ml

import org.apache.spark.ml.Pipeline
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

/** Which columns are taken as features, labels and weights, by which names, and what invalid values do. */
class ColumnsSuite extends SparkSuite {
  import spark.implicits._

  private def fast = classifier().setMaxEpochs(1)

  private def weights(model: NetClassificationModel): Seq[Byte] = model.trainedNetwork.weights.toSeq

  private lazy val data = corners(30).withColumn("w", lit(0.5))

  test("names of columns may contain dots") {
    val dotted = data.toDF("my.features", "the.label", "v.v", "w.w")
    val plain = fast.setWeightCol("w").setValidationIndicatorCol("held").fit(data)
    val model = fast.setFeaturesCol("my.features").setLabelCol("the.label").setWeightCol("w.w").setValidationIndicatorCol("v.v")
      .setPredictionCol("its.prediction").fit(dotted)
    assert(weights(model) == weights(plain))
    assert(model.transform(dotted).select("`its.prediction`").collect().toSeq ==
      plain.transform(data).select("prediction").collect().toSeq)
    assert(weights(fast.setFeaturesCol("`my.features`").setLabelCol("`the.label`").fit(dotted)) == weights(fast.fit(data)))
    val number = new NetRegressor().setNetwork(smallNet(1)).setFeaturesCol("my.features").setLabelCol("the.label").setMaxEpochs(1)
    assert(new Pipeline().setStages(Array(number)).fit(dotted).transform(dotted).count() == 30)
  }

  test("columns of equal names do not matter unless they are asked for") {
    val twice = data.withColumn("x", lit(1)).select(col("*"), lit(2).as("x"))
    val model = fast.fit(twice)
    assert(weights(model) == weights(fast.fit(data)))
    val out = model.transform(twice)
    assert(out.columns.toSeq == twice.columns.toSeq ++ Seq("rawPrediction", "probability", "prediction"))
    assert(out.select("prediction").collect().toSeq == model.transform(data).select("prediction").collect().toSeq)
    val labels = data.select(col("*"), lit(1.0).as("label"))
    val e = intercept[IllegalArgumentException](fast.fit(labels))
    assert(e.getMessage.contains("labelCol: 2 columns are named \"label\""), e.getMessage)
  }

  test("a field of a struct serves as features") {
    val nested = data.select(struct(lit(1).as("height"), $"features".as("data")).as("image"), $"label")
    val model = fast.setFeaturesCol("image.data").fit(nested)
    assert(weights(model) == weights(fast.fit(data)))
    assert(model.transform(nested).select("prediction").collect().toSeq ==
      model.setFeaturesCol("features").transform(data).select("prediction").collect().toSeq)
    val e = intercept[IllegalArgumentException](fast.setFeaturesCol("image.pixels").fit(nested))
    assert(e.getMessage.contains("no column \"image.pixels\""), e.getMessage)
  }

  test("arrays of any numbers or booleans serve as features") {
    val whole = udf((v: Vector) => v.toArray.map(x => math.rint(x * 10)))
    val doubles = data.withColumn("features", whole($"features"))
    val expected = fast.fit(doubles)
    for (element <- Seq("int", "bigint", "smallint", "tinyint", "decimal(9,1)")) {
      val cast = doubles.withColumn("features", $"features".cast(s"array<$element>"))
      val model = fast.fit(cast)
      assert(weights(model) == weights(expected), element)
      assert(model.transform(cast).select("probability").collect().toSeq ==
        expected.transform(doubles).select("probability").collect().toSeq, element)
    }
    val signs = doubles.withColumn("features", transform($"features", _ > 0))
    assert(weights(fast.fit(signs)) == weights(fast.fit(signs.withColumn("features", $"features".cast("array<double>")))))
  }

  test("a single number or boolean serves as features, and a boolean as label") {
    val one = udf((v: Vector) => math.rint(v(0) * 10))
    val numbers = data.withColumn("features", one($"features"))
    val expected = fast.fit(numbers.withColumn("features", array($"features")))
    for (kind <- Seq("double", "float", "int", "bigint")) {
      val cast = numbers.withColumn("features", $"features".cast(kind))
      val model = fast.fit(cast)
      assert(weights(model) == weights(expected), kind)
      assert(model.transform(cast).select("prediction").count() == 30)
    }
    val flags = numbers.withColumn("features", $"features" > 0).withColumn("label", $"label" > 0)
    def two = fast.setNetwork(smallNet(2))
    assert(weights(two.fit(flags)) == weights(two.fit(
      flags.withColumn("features", array($"features".cast("double"))).withColumn("label", $"label".cast("int")))))
  }

  test("whole numbers that float32 does not hold are refused") {
    for (features <- Seq(array(lit(20000001L), lit(1L)), lit(20000001))) {
      val e = intercept[IllegalArgumentException](fast.fit(data.withColumn("features", features)))
      assert(e.getMessage.contains("20000001 as feature 0, which would become 20000000"), e.getMessage)
    }
    fast.fit(data.withColumn("features", array(lit(1L << 40), lit(-(1L << 30)))).withColumn("label", lit(1)).limit(4)
      .withColumn("features", transform($"features", x => x)))
  }

  private lazy val holes: DataFrame = spark.createDataFrame(Seq(
    (0, Seq(Some(1.0), Some(0.0)), 0.0, Some(1.0)),
    (1, Seq(Some(Double.NaN), Some(0.0)), 1.0, Some(1.0)),
    (2, Seq(Some(0.0), Some(1.0)), 1.0, Some(1.0)),
    (3, null, 1.0, Some(1.0)),
    (4, Seq(Some(1.0), None), 1.0, Some(1.0)),
    (5, Seq(Some(1.0), Some(Double.NegativeInfinity)), 1.0, Some(1.0)),
    (6, Seq(Some(1.0), Some(1.0)), 2.0, Some(1.0)),
    (7, Seq(Some(5.0), Some(1.0)), 2.0, None),
    (8, Seq(Some(6.0), Some(1.0)), Double.NaN, Some(1.0)))).toDF("id", "features", "label", "w").coalesce(1)

  private val whole = Seq(0, 2, 6, 7, 8)

  test("handleInvalid decides what null, NaN and infinite features do to a prediction") {
    val model = fast.fit(data)
    val e = intercept[Exception](model.transform(holes).collect())
    assert(Iterator.iterate[Throwable](e)(_.getCause).takeWhile(_ != null).exists(t =>
      t.getMessage != null && t.getMessage.contains("NaN as feature 0") && t.getMessage.contains("handleInvalid")))
    val valid = model.transform(holes.where($"id".isin(whole: _*))).collect().toSeq
    val skipped = model.setHandleInvalid("skip").transform(holes)
    assert(skipped.collect().toSeq == valid && skipped.count() == 5 && skipped.limit(4).count() == 4)
    val kept = model.setHandleInvalid("keep").transform(holes).collect()
    assert(kept.map(_.getInt(0)).toSeq == (0 to 8))
    assert(kept.toSeq.filter(r => whole.contains(r.getInt(0))) == valid)
    kept.filterNot(r => whole.contains(r.getInt(0))).foreach { r =>
      assert(r.getAs[Double]("prediction").isNaN)
      assert(r.getAs[Vector]("probability").toArray.forall(_.isNaN) && r.getAs[Vector]("rawPrediction").size == 3)
    }
    assert(model.predictRaw(Vectors.dense(Double.NaN, 1)).toArray.forall(_.isNaN))
    val refused = intercept[IllegalArgumentException](model.setHandleInvalid("error").predict(Vectors.dense(Double.NaN, 1)))
    assert(refused.getMessage.contains("NaN as feature 0"), refused.getMessage)
    val short = intercept[Exception](model.setHandleInvalid("skip").transform(holes.withColumn("features", array(lit(1.0)))).collect())
    assert(short.getMessage.contains("has 1 features"), short.getMessage)
  }

  test("handleInvalid leaves rows with invalid features, labels or weights out of training") {
    intercept[IllegalArgumentException](fast.setWeightCol("w").fit(holes))
    val expected = weights(fast.setWeightCol("w").fit(holes.where($"id" < 7 && $"id".isin(whole: _*))))
    for (how <- Seq("skip", "keep")) {
      val model = fast.setWeightCol("w").setHandleInvalid(how).fit(holes)
      assert(weights(model) == expected && model.getHandleInvalid == how)
      assert(model.summary.epochs.get(0).rows == 3)
    }
    val e = intercept[IllegalArgumentException](
      fast.setHandleInvalid("skip").fit(holes.where($"id" === 1)))
    assert(e.getMessage.contains("all 1 have null, NaN or infinite values"), e.getMessage)
    intercept[IllegalArgumentException](fast.setHandleInvalid("drop"))
  }
}
