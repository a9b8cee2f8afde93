package io.kiln.ml

import org.apache.spark.ml.evaluation.RegressionEvaluator
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.util.Random

/** Recommendation by two towers. */
class TwoTowerSuite extends SparkSuite {
  import spark.implicits._

  /** Users and items with numbers far apart; a user rates items of the same group higher. */
  private lazy val ratings: DataFrame = {
    val random = new Random(6)
    (0 until 3000).map { n =>
      val (u, i) = (random.nextInt(40), random.nextInt(50))
      (1000000000000L + 7 * u, 3 * i - 20, 3f + (if (u % 3 == i % 3) 1.5f else -0.5f) + 0.3f * (i % 5) + 0.1f * random.nextGaussian().toFloat, n % 10 == 0)
    }.toDF("who", "what", "stars", "held").coalesce(2).cache()
  }

  private def estimator: TwoTower =
    new TwoTower().setUserCol("who").setItemCol("what").setRank(8).setLearningRate(0.02).setMaxEpochs(15).setBatchSize(64).setSeed(1)

  private def group(id: Long, of: Long, step: Int): Long = (id - of) / step % 3

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("ratings are predicted, the best items are recommended, and models are read again") {
    val model = estimator.setRatingCol("stars").setNumWorkers(2).fit(ratings.where("NOT held"))
    assert(model.summary.objectiveHistory.last < 0.3 * model.summary.objectiveHistory.head)
    val evaluator = new RegressionEvaluator().setLabelCol("stars")
    val held = ratings.where("held")
    val error = evaluator.evaluate(model.transform(held))
    assert(error < 0.35, error)

    val all = model.recommendForAllUsers(5).collect()
    assert(all.length == 40)
    val right = all.map { r =>
      val best = r.getSeq[Row](1)
      assert(best.length == 5 && best.map(_.getFloat(1)) == best.map(_.getFloat(1)).sorted.reverse)
      best.count(b => group(b.getAs[Long]("what"), -20, 3) == group(r.getAs[Long]("who"), 1000000000000L, 7))
    }.sum
    assert(right > 190, right)
    val first = all.minBy(_.getLong(0))
    val pair = Seq((first.getLong(0), first.getSeq[Row](1).head.getLong(0).toInt)).toDF("who", "what")
    val predicted = model.transform(pair).head().getAs[Float]("prediction")
    assert(predicted == first.getSeq[Row](1).head.getFloat(1))
    val byHand = model.userFactors.where($"id" === first.getLong(0)).head().getSeq[Float](1)
      .zip(model.itemFactors.where($"id" === first.getSeq[Row](1).head.getLong(0)).head().getSeq[Float](1))
      .map { case (a, b) => a * b }.sum + model.getOrDefault(model.meanRating)
    assert(math.abs(byHand - predicted) < 1e-4)
    assert(model.recommendForAllItems(2).count() == 50)
    val some = model.recommendForUserSubset(Seq(1000000000007L, 1000000000007L, 5L).toDF("who"), 3).collect()
    assert(some.length == 1 && some.head.getSeq[Row](1) == all.filter(_.getLong(0) == 1000000000007L).head.getSeq[Row](1).take(3))

    val strangers = Seq((5L, 1), (1000000000000L, 1), (1000000000000L, 2)).toDF("who", "what")
    assert(model.transform(strangers).where(isnan($"prediction")).count() == 2, "an unknown user, and an unknown item")
    assert(model.setColdStartStrategy("drop").transform(strangers).count() == 1)

    val path = Files.createTempDirectory("kiln-towers").toString
    model.write.overwrite().save(path + "/model")
    val again = TwoTowerModel.load(path + "/model")
    assert(again.transform(held).collect().toSeq == model.transform(held).collect().toSeq)
    assert(again.summary.objectiveHistory.toSeq == model.summary.objectiveHistory.toSeq)
    estimator.setRatingCol("stars").write.save(path + "/estimator")
    assert(TwoTower.load(path + "/estimator").getRatingCol == "stars")
  }

  test("pairs without ratings rank the items of a user") {
    val seen = ratings.where("stars > 4 AND NOT held").select("who", "what")
    val model = estimator.setMaxEpochs(10).fit(seen)
    val right = model.recommendForAllUsers(5).collect().map { r =>
      r.getSeq[Row](1).count(b => group(b.getLong(0), -20, 3) == group(r.getLong(0), 1000000000000L, 7))
    }.sum
    assert(right > 190, right)
  }

  test("rows that are invalid or held for validation add no users or items, and do not move the mean") {
    val rows = ratings.limit(500).select($"who", $"what", $"stars", lit(false).as("held"))
    val others = Seq((1L, 1, Float.NaN, false), (2L, 2, 999f, true), (1000000000000L, 1, 999f, true)).toDF(rows.columns.toSeq: _*)
    val e = estimator.setRatingCol("stars").setValidationIndicatorCol("held").setHandleInvalid("skip").setMaxEpochs(1)
    val model = e.fit(rows.union(others))
    assert(math.abs(model.getOrDefault(model.meanRating) - rows.agg(avg("stars")).head().getDouble(0)) < 1e-9)
    assert(model.users.size == rows.select("who").distinct().count() && model.items.size == rows.select("what").distinct().count())
    assert(model.summary.objectiveHistory.forall(loss => !loss.isNaN))
    assert(intercept[Exception](e.setHandleInvalid("error").fit(rows.union(others))).getMessage.contains("NaN"))
    assert(model.setColdStartStrategy("Drop").transform(others).count() == 1)
    assert(message(e.fit(rows.union(others.where("who = 2")))).contains("all 1 rows held"))
  }

  test("columns may have the names of the network's values") {
    val named = ratings.toDF("u", "pair", "rating", "held").limit(200)
    val model = estimator.setUserCol("u").setItemCol("pair").setMaxEpochs(1)
    assert(model.setRatingCol("rating").fit(named).transform(named).columns.last == "prediction")
    assert(model.clear(model.ratingCol).fit(named.drop("rating")).recommendForAllItems(1).count() > 0)
  }

  test("faults are told before the job starts") {
    assert(message(estimator.fit(ratings.withColumn("who", $"who".cast("string")))).contains("ids are whole numbers"))
    assert(message(estimator.setRatingCol("score").fit(ratings)).contains("no column \"score\""))
    assert(message(estimator.setNetwork(smallNet(1)).fit(ratings)).contains("makes its network"))
    assert(message(estimator.fit(ratings.where("what > 1000"))).contains("no rows"))
  }
}
