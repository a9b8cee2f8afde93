package io.kiln.ml

import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

/** Features are float32: a whole number that would become another one is refused, wherever it comes from. */
class ExactIntegersSuite extends SparkSuite {
  private val id = 20000001.0

  private def spoiled(value: Double, held: Boolean = false): DataFrame = {
    val good = corners(30).coalesce(1).withColumn("held", lit(false))
    good.unionByName(good.limit(1).withColumn("held", lit(held)).withColumn("features",
      udf((v: Vector) => Vectors.dense(v(0), value)).apply(col("features")))).coalesce(1)
  }

  private def messages(e: Throwable): String =
    Iterator.iterate(e)(_.getCause).takeWhile(_ != null).map(_.getMessage).mkString("\n")

  private def refused(words: String*)(body: => Any): Unit = {
    val all = messages(intercept[Exception](body))
    (words ++ Seq("16777216", "StringIndexer")).foreach(w => assert(all.contains(w), s"\"$w\" is not in: $all"))
  }

  private def short = classifier().setMaxEpochs(1)

  private def as(data: DataFrame, f: Vector => Any): DataFrame = f(Vectors.zeros(1)) match {
    case _: Vector => data.withColumn("features", udf((v: Vector) => v.toSparse: Vector).apply(col("features")))
    case _ => data.withColumn("features", udf((v: Vector) => v.toArray).apply(col("features")))
  }

  test("training rows, validation rows and each kind of column: column, row and value are named") {
    val data = spoiled(id)
    for (d <- Seq(data, as(data, _.toSparse), as(data, _.toArray))) {
      refused("column \"features\"", "20000001", "feature 1", "would become 20000000", "row 30 of partition 0")(short.fit(d))
    }
    refused("-20000001")(short.fit(spoiled(-id)))
    refused("20000001")(short.setValidationIndicatorCol("held").fit(spoiled(id, held = true)))
  }

  test("a sparse row names the feature, not its place among the values") {
    val big = id
    val wide = corners(30).coalesce(1).withColumn("features", udf((v: Vector) =>
      Vectors.sparse(40, Array(3, 37), Array(v(0), big))).apply(col("features")))
    refused("feature 37")(short.fit(wide))
  }

  test("prediction of DataFrames and of single vectors") {
    val model = short.fit(corners(30))
    val data = spoiled(id)
    for (d <- Seq(data, as(data, _.toSparse), as(data, _.toArray))) {
      refused("column \"features\"", "20000001", "feature 1")(model.transform(d).collect())
    }
    refused("20000001", "feature 1")(model.predict(Vectors.dense(0, id)))
    assert(messages(intercept[Exception](model.predict(Vectors.dense(0, Double.NaN)))).contains("NaN as feature 1"))
  }

  test("what float32 holds exactly, fractions, and large measures of float columns are taken") {
    for (value <- Seq(16777216.0, 20000002.0, 16777217.5, 1e20.toFloat.toDouble, -33554432.0)) {
      assert(short.setInputScale(1e-20).fit(spoiled(value)).hasSummary, value)
    }
    val floats = spoiled(1e9).withColumn("features", udf((v: Vector) => v.toArray.map(_.toFloat)).apply(col("features")))
    assert(short.setInputScale(1e-9).fit(floats).hasSummary)
  }
}
