package io.kiln.spark.feed

import io.kiln.ml.{NetClassifier, SparkSuite, TextClassifier}
import io.kiln.nn.{Dense, Sequential}
import org.apache.spark.ml.functions.array_to_vector
import org.apache.spark.sql.{Column, DataFrame}
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types.StructType

import java.nio.file.Files

/** Rows read from column batches are those that Spark makes of them. */
class ColumnBatchesSuite extends SparkSuite {
  private def number(c: Int): Column = hash(col("id"), lit(c)) / lit(3e7)

  private def table(rows: Int): DataFrame = spark.range(0, rows, 1, 2).select(
    col("id"), number(0).as("double"), number(1).cast("float").as("float"), number(2).cast("int").as("int"),
    number(3).cast("decimal(12,4)").as("decimal"), (number(4) > 0).as("boolean"),
    when(col("id") % 7 =!= 0, number(5)).as("nullable"),
    array(number(6), number(7)).cast("array<float>").as("floats"), array(number(8), lit(0.5)).as("doubles"),
    array_to_vector(array(number(9), number(10))).as("vector"),
    array_repeat((col("id") % 5).cast("long"), (col("id") % 4).cast("int")).as("ragged"),
    concat(lit("ham number "), col("id") % 10).as("text"), col("id").cast("string").cast("binary").as("bytes"),
    (col("id") % 2).cast("double").as("label"), (col("id") % 5 === 0).as("held"))

  private def stored(rows: Int, format: String = "parquet"): DataFrame = {
    val dir = Files.createTempDirectory("columns").resolve(format).toString
    table(rows).write.format(format).save(dir)
    spark.read.format(format).load(dir)
  }

  private def batches(data: DataFrame) =
    ColumnBatches.rows(data.asInstanceOf[org.apache.spark.sql.classic.Dataset[_]].queryExecution.executedPlan)

  /** The bytes of Spark's own rows, of each partition. */
  private def bytes(rows: org.apache.spark.rdd.RDD[org.apache.spark.sql.catalyst.InternalRow], schema: StructType) =
    rows.mapPartitions { r =>
      val project = UnsafeProjection.create(schema)
      Iterator(r.map(project(_).getBytes.toSeq).toSeq)
    }.collect().toSeq

  private def equal(data: DataFrame): Unit = {
    val read = batches(data)
    assert(read.isPresent, data.queryExecution.executedPlan)
    val expected = bytes(data.queryExecution.toRdd, data.schema)
    assert(expected.map(_.size).sum > 0)
    assert(bytes(read.get, data.schema) == expected)
  }

  test("columns of Parquet and ORC files, picked, renamed and in another order") {
    for (format <- Seq("parquet", "orc")) {
      val data = stored(9000, format)
      equal(data)
      equal(data.select(col("label"), col("vector").as("v"), col("id"), col("label").as("again"), col("text")))
    }
  }

  test("what is computed, and sources of rows, stay with Spark") {
    val data = stored(20)
    assert(batches(data.select(col("id") + 1)).isEmpty)
    assert(batches(data.where("id > 3")).isEmpty)
    assert(batches(data.select("id").repartition(2)).isEmpty)
    assert(batches(table(20)).isEmpty)
    val cached = data.select("id", "double", "label").cache()
    assert(batches(cached).isEmpty && cached.count() == 20)
    cached.unpersist()
  }

  test("a network trains on Parquet files to the bits of the same rows that Spark computed") {
    val data = stored(3000)
    val rows = data.where("id >= 0")
    assert(batches(rows).isEmpty)
    val net = new NetClassifier().setNetwork(new Sequential(new Dense(8), new Dense(2))).setBatchSize(64).setMaxEpochs(2)
      .setSeed(5).setStandardizeFeatures(true).setValidationIndicatorCol("held").setHandleInvalid("skip")
      .setFeaturesCols(Array("double", "vector", "int", "decimal", "nullable", "boolean", "float"))
    val inputs = net.getFeaturesCols.toSeq ++ Seq("label", "held")
    assert(batches(data.select(inputs.map(col): _*)).isPresent)
    assert(net.fit(data).trainedNetwork.weights.toSeq == net.fit(rows).trainedNetwork.weights.toSeq)

    val texts = new TextClassifier().setTextCol("text").setMaxEpochs(1).setSeed(5)
    assert(texts.fit(data).trainedNetwork.weights.toSeq == texts.fit(rows).trainedNetwork.weights.toSeq)
  }
}
