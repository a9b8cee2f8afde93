package io.kiln.ml

import io.kiln.nn.{BatchNorm, Dense, Sequential}
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.ml.tuning.{CrossValidator, ParamGridBuilder}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.jdk.CollectionConverters._
import scala.util.Random

/** Rankers, and how they are judged. */
class NetRankerSuite extends SparkSuite {
  import spark.implicits._

  /** Within a group a larger x is more relevant; but groups with larger x have lower relevances, which misleads a regression. */
  private lazy val rows: DataFrame = {
    val random = new Random(5)
    (0 until 90).flatMap { g =>
      val centre = 3 * random.nextGaussian()
      (0 until 3 + random.nextInt(6)).map { _ =>
        val e = random.nextGaussian()
        val relevance = (if (e > 0.3) 1 else 0) + (if (centre < 0) 2 else 0)
        (s"q$g", Vectors.dense(centre + e, random.nextGaussian()), relevance.toDouble, g % 3 == 0, g % 2)
      }
    }.toDF("query", "x", "relevance", "held", "fold").repartition(3).cache()
  }

  private def ranker: NetRanker = new NetRanker().setNetwork(new Sequential(new Dense(1))).setGroupCol("query")
    .setFeaturesCol("x").setLabelCol("relevance").setBatchSize(8).setMaxEpochs(15).setLearningRate(0.03).setSeed(1)

  private val judge = new NetRankingEvaluator().setGroupCol("query").setLabelCol("relevance").setK(10)

  private def message(code: => Any): String = intercept[Exception](code) match {
    case e => Iterator.iterate[Throwable](e)(_.getCause).takeWhile(_ != null).map(_.getMessage).mkString(" / ")
  }

  test("the order within groups is learned, validated, judged and read again") {
    val pointwise = new NetRegressor().setNetwork(new Sequential(new Dense(1))).setFeaturesCol("x").setLabelCol("relevance")
      .setStandardizeFeatures(true).setMaxEpochs(15).setSeed(1).fit(rows.where("NOT held"))
    val held = rows.where("held")
    val misled = judge.evaluate(pointwise.transform(held))
    Seq("lambdaRank", "rankNet", "listNet").foreach { loss =>
      val model = ranker.setLoss(loss).setValidationIndicatorCol("held").setNumWorkers(2).fit(rows)
      val last = model.summary.epochs.asScala.last
      assert(model.summary.metricName == "ndcg@10" && last.steps == math.ceil(60 / 8.0) && last.rows == 60)
      val ndcg = judge.evaluate(model.transform(held))
      assert(ndcg > 0.9 && ndcg > misled + 0.1, s"$loss: $ndcg, pointwise $misled")
      assert(math.abs(ndcg - last.metric) < 1e-6, s"$loss: $ndcg, in validation ${last.metric}")
    }
    val map = ranker.setValidationMetric("map").setValidationIndicatorCol("held").setEarlyStoppingPatience(3).fit(rows)
    val best = map.summary.epochs.get(map.summary.bestEpoch - 1).metric
    assert(map.summary.metricName == "map" && map.summary.epochs.asScala.forall(_.metric <= best))
    assert(math.abs(new NetRankingEvaluator().setGroupCol("query").setLabelCol("relevance").setMetricName("map")
      .evaluate(map.transform(held)) - best) < 1e-6)

    val path = Files.createTempDirectory("kiln-ranker").toString
    map.write.save(path + "/model")
    val again = NetRankerModel.load(path + "/model")
    assert(again.transform(held).collect().toSeq == map.transform(held).collect().toSeq && again.getGroupCol == "query")
    assert(again.predict(Vectors.dense(1, 2)) == map.predict(Vectors.dense(1, 2)) && again.numFeatures == 2)
    ranker.setInputShape(Array(2)).setMaxListLength(40).setK(3).write.save(path + "/estimator")
    val estimator = NetRanker.load(path + "/estimator")
    assert(estimator.getMaxListLength == 40 && estimator.getK == 3 && estimator.getLoss == "lambdaRank")
    judge.copy(org.apache.spark.ml.param.ParamMap.empty).setMetricName("map").write.save(path + "/judge")
    assert(NetRankingEvaluator.load(path + "/judge").getMetricName == "map")
    val longer = ranker.setMaxEpochs(1).continueFit(rows, map)
    assert(judge.evaluate(longer.transform(held)) > 0.9)
  }

  test("results depend on neither the order of rows nor the parts of a batch") {
    def history(r: NetRanker, data: DataFrame): Seq[Double] = r.setMaxEpochs(3).fit(data).summary.objectiveHistory.toSeq
    val once = history(ranker, rows)
    assert(history(ranker, rows.orderBy(desc("relevance"))) == once)
    history(ranker.setGradientAccumulation(2), rows).zip(once).foreach { case (a, b) => assert(math.abs(a - b) < 1e-5) }
    val arrays = rows.withColumn("x", org.apache.spark.ml.functions.vector_to_array($"x"))
    history(ranker, arrays).zip(once).foreach { case (a, b) => assert(math.abs(a - b) < 1e-6) }
  }

  test("groups have weights, and long ones are cut") {
    val weighted = rows.withColumn("w", when($"fold" === 0, 0.0).otherwise(2.0))
    def one: NetRanker = ranker.setShuffle(false).setBatchSize(90).setMaxEpochs(2).setStandardizeFeatures(false)
    val (heavy, half) = (one.setWeightCol("w").fit(weighted), one.fit(rows.where("fold = 1")))
    heavy.summary.objectiveHistory.zip(half.summary.objectiveHistory).foreach { case (a, b) => assert(math.abs(a - b) < 1e-5) }
    val (cut, whole) = (one.setMaxListLength(2).fit(rows), one.fit(rows))
    assert(cut.summary.epochs.get(0).rows == 90 && cut.summary.objectiveHistory.head != whole.summary.objectiveHistory.head)
    assert(one.setMaxListLength(2).fit(rows).summary.objectiveHistory.toSeq == cut.summary.objectiveHistory.toSeq)
  }

  test("folds keep groups together") {
    val grid = new ParamGridBuilder().addGrid(ranker.learningRate, Array(1e-6, 0.03)).build()
    val estimator = ranker
    val search = new CrossValidator().setEstimator(estimator).setEvaluator(judge).setNumFolds(2).setFoldCol("fold")
      .setEstimatorParamMaps(new ParamGridBuilder().addGrid(estimator.learningRate, Array(1e-6, 0.03)).build())
    assert(grid.length == 2 && search.fit(rows).avgMetrics(1) > 0.9)
  }

  test("what cannot be ranked is told") {
    assert(message(ranker.setLoss("l2").fit(rows)).contains("a ranker needs a loss of lists"))
    assert(message(ranker.setNetwork(new Sequential(new Dense(2))).setInputShape(Array(2)).fit(rows)).contains("a single output per item"))
    assert(message(ranker.setNetwork(new Sequential(new BatchNorm(), new Dense(1))).fit(rows)).contains("padding of lists"))
    assert(message(ranker.setValidationMetric("rmse").fit(rows)).contains("rmse is for a regressor"))
    assert(message(ranker.setGroupCol("nothing").fit(rows)).contains("groupCol: no column \"nothing\""))
    assert(message(ranker.fit(rows.withColumn("relevance", $"relevance" - 1))).contains("relevances are at least 0"))
    assert(message(ranker.setValidationIndicatorCol("odd").fit(rows.withColumn("odd", $"relevance" % 2 === 1)))
      .contains("give all rows of a group the same"))
    val gap = rows.withColumn("relevance", when($"query" === "q3", lit(null)).otherwise($"relevance"))
    assert(message(ranker.fit(gap)).contains("a row of group q3 has null"))
    assert(ranker.setHandleInvalid("skip").setMaxEpochs(1).fit(gap).summary.epochs.get(0).rows == 89)
    val astray = gap.withColumn("query", when($"query" === "q4", lit(null)).otherwise($"query")).na.fill(0.0).withColumn("prediction", lit(1.0))
    assert(message(judge.evaluate(astray)).contains("groupCol: a row has no group"))
    val featureless = rows.withColumn("x", when($"query" === "q3", lit(null)).otherwise($"x"))
    assert(message(ranker.fit(featureless)).contains("a row of group q3 has null"))
    assert(ranker.setHandleInvalid("skip").setMaxEpochs(1).fit(featureless).summary.epochs.get(0).rows == 89)
    assert(message(ranker.setMixup(0.2).fit(rows)).contains("mixup"))
    val steep = rows.withColumn("relevance", $"relevance" * 11)
    assert(message(ranker.fit(steep)).contains("gains of 2^relevance are counted up to 31"))
    assert(ranker.setLoss("listNet").setMaxEpochs(1).fit(steep).summary.epochs.size == 1)
    assert(message(ranker.setLoss("listNet").setValidationIndicatorCol("held").fit(steep)).contains("up to 31"))
    assert(message(judge.copy(org.apache.spark.ml.param.ParamMap.empty).setPredictionCol("relevance").evaluate(steep)).contains("up to 31"))
    assert(message(judge.copy(org.apache.spark.ml.param.ParamMap.empty).setPredictionCol("query").evaluate(rows)).contains("expected a number"))
  }
}
