package io.kiln.ml

import io.kiln.spark.feed.QueryPlans
import io.kiln.spark.plan.{PlanPredictions, PredictRowsExec}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanHelper
import org.apache.spark.sql.functions._

import java.nio.file.Files

/** What query plans look like around a prediction, and that they give what the network gives. */
class PredictionPlanSuite extends SparkSuite with AdaptiveSparkPlanHelper {
  import spark.implicits._

  private lazy val model = classifier().setMaxEpochs(2).fit(corners(90))
  private lazy val path = Files.createTempDirectory("kiln-plans").resolve("rows").toString
  private lazy val table: DataFrame = {
    corners(40).withColumn("id", monotonically_increasing_id()).withColumn("unread", lit("x")).write.parquet(path)
    spark.read.parquet(path)
  }

  private def plan(data: DataFrame): String = data.queryExecution.executedPlan.toString

  private def predictions(data: DataFrame) = collect(data.queryExecution.executedPlan) { case p: PredictRowsExec => p }

  test("a scan reads only the columns that the prediction and the query need") {
    val scan = plan(model.transform(table).select("id", "prediction"))
    assert(scan.contains("ReadSchema: struct<features:struct<type:tinyint,size:int,indices:array<int>,values:array<double>>,id:bigint>"), scan)
  }

  test("filters of other columns reach the source, those of predictions stay above the network") {
    val data = model.transform(table).where(col("id") > 5 && col("prediction") === 1.0 && col("label") < 2)
    val text = plan(data)
    assert(text.contains("PushedFilters: [IsNotNull(id), IsNotNull(label), GreaterThan(id,5), LessThan(label,2.0)]"), text)
    assert(predictions(data).size == 1)
    val expected = model.transform(table).collect().toSeq.filter(r =>
      r.getAs[Long]("id") > 5 && r.getAs[Double]("prediction") == 1.0 && r.getAs[Double]("label") < 2)
    assert(expected.nonEmpty && data.orderBy("id").collect().toSeq == expected.sortBy(_.getAs[Long]("id")))
  }

  test("a query that uses no prediction does not predict, unless predicting leaves rows out") {
    assert(predictions(model.transform(table).select("id")).isEmpty)
    assert(model.transform(table).count() == 40)
    assert(predictions(model.copy(ParamMap.empty).setHandleInvalid("skip").transform(table).select("id")).size == 1)
  }

  test("a limit is a limit of the rows that are predicted") {
    val text = model.transform(table).limit(3).queryExecution.optimizedPlan.toString
    assert(text.indexOf("LocalLimit 3", text.indexOf("PredictRows")) > 0, text)
    assert(model.transform(table).limit(3).collect().length == 3)
  }

  test("predictions can be joined with themselves, cached, and read through the view of another session") {
    val predicted = model.transform(table).select("id", "prediction")
    assert(predicted.as("a").join(predicted.as("b"), "id").where($"a.prediction" === $"b.prediction").count() == 40)
    val cached = predicted.cache()
    assert(cached.count() == 40 && cached.where("prediction >= 0").count() == 40)
    cached.unpersist(true)
    predicted.createGlobalTempView("predicted")
    assert(spark.newSession().sql("select prediction from global_temp.predicted").count() == 40)
  }

  /** A session of the same Spark, made as if Kiln were not on the class path. */
  private def sessionWithoutKiln(): SparkSession = {
    assert(!spark.sparkContext.isStopped)
    val thread = Thread.currentThread
    val loader = thread.getContextClassLoader
    thread.setContextClassLoader(new ClassLoader(loader) {
      override def getResources(name: String): java.util.Enumeration[java.net.URL] =
        if (name.endsWith("SparkSessionExtensionsProvider")) java.util.Collections.emptyEnumeration() else super.getResources(name)
    })
    SparkSession.clearActiveSession()
    SparkSession.clearDefaultSession()
    try SparkSession.builder().getOrCreate()
    finally {
      thread.setContextClassLoader(loader)
      SparkSession.setDefaultSession(spark)
      SparkSession.setActiveSession(spark)
    }
  }

  private def strategies(session: SparkSession) =
    QueryPlans.planner(session.emptyDataFrame).strategies

  test("a session that was built before Kiln was there learns to plan predictions, once") {
    assert(strategies(spark).count(_ == PlanPredictions) == 1)
    val late = sessionWithoutKiln()
    assert(!strategies(late).contains(PlanPredictions))
    val data = late.createDataFrame(corners(10).rdd, corners(10).schema)
    assert(model.transform(data).select("prediction").count() == 10)
    assert(model.transform(model.transform(data).drop("rawPrediction", "probability", "prediction")).collect().length == 10)
    assert(strategies(late).count(_ == PlanPredictions) == 1)
  }

  test("a stream is predicted in batches, and columns keep their identity") {
    val data = spark.readStream.schema(table.schema).parquet(path)
    val predicted = model.copy(ParamMap.empty).setPredictionBatchSize(4).transform(data)
    assert(predicted.select(data("id")).columns.toSeq == Seq("id"))
    val query = predicted.select("id", "prediction").writeStream.format("memory").queryName("out").start()
    try {
      query.processAllAvailable()
      assert(spark.table("out").orderBy("id").collect().toSeq ==
        model.transform(table).select("id", "prediction").orderBy("id").collect().toSeq)
    } finally query.stop()
  }
}
