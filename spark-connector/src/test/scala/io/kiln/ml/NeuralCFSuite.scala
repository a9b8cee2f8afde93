package io.kiln.ml

import io.kiln.format.SafeTensors
import io.kiln.ndarray.Scope
import io.kiln.spark.model.Negatives
import org.apache.spark.ml.evaluation.RegressionEvaluator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.recommendation.ALS
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.jdk.CollectionConverters._
import scala.util.Random

/** Recommendation by neural collaborative filtering. */
class NeuralCFSuite extends SparkSuite {
  import spark.implicits._

  /** Users and items with numbers far apart; a user rates items of the same group higher. */
  private lazy val ratings: DataFrame = {
    val random = new Random(6)
    (0 until 3000).map { n =>
      val (u, i) = (random.nextInt(40), random.nextInt(50))
      (1000000000000L + 7 * u, 3 * i - 20, 3f + (if (u % 3 == i % 3) 1.5f else -0.5f) + 0.3f * (i % 5) + 0.1f * random.nextGaussian().toFloat, n % 10 == 0)
    }.toDF("who", "what", "stars", "held").coalesce(2).cache()
  }

  private def estimator: NeuralCF =
    new NeuralCF().setUserCol("who").setItemCol("what").setRank(8).setEmbeddingSize(8).setHiddenLayers(Array(16, 8))
      .setLearningRate(0.01).setMaxEpochs(15).setBatchSize(64).setSeed(1)

  private def group(id: Long, of: Long, step: Int): Long = (id - of) / step % 3

  private def right(recommended: Array[Row]): Int = recommended.map { r =>
    r.getSeq[Row](1).count(b => group(b.getAs[Long]("what"), -20, 3) == group(r.getAs[Long]("who"), 1000000000000L, 7))
  }.sum

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  /** NeuMF by hand: the last layer of the product of two vectors beside a perceptron of two others. */
  private def byHand(model: NeuralCFModel, user: Int, item: Int): Double = {
    val scope = Scope.open()
    try {
      val weights = SafeTensors.read(model.trainedNetwork.weights()).tensors.asScala
      def row(table: String, n: Int): Seq[Double] = {
        val w = weights(table + ".weight")
        w.toDoubleArray.toSeq.grouped(w.shape.dim(1).toInt).toSeq(n)
      }
      def dense(layer: String, x: Seq[Double]): Seq[Double] =
        weights(layer + ".weight").toDoubleArray.toSeq.grouped(x.length).zip(weights(layer + ".bias").toDoubleArray)
          .map { case (w, b) => w.zip(x).map { case (a, c) => a * c }.sum + b }.toSeq
      val hidden = Seq("hidden.0", "hidden.1").foldLeft(row("users", user) ++ row("items", item)) { (x, layer) =>
        dense(layer, x).map(math.max(_, 0.0))
      }
      val product = row("factor_users", user).zip(row("factor_items", item)).map { case (a, b) => a * b }
      dense("output", product ++ hidden).head
    } finally scope.close()
  }

  test("ratings are predicted, recommendations are the highest scores of the network, and models are read again") {
    val e = estimator.setRatingCol("stars")
    val model = e.setNumWorkers(2).fit(ratings.where("NOT held"))
    val held = ratings.where("held")
    val error = new RegressionEvaluator().setLabelCol("stars").evaluate(model.transform(held))
    assert(error < 0.35, error)
    assert(model.transform(held).columns.toSeq == held.columns.toSeq :+ "prediction")

    val all = model.recommendForAllUsers(5).collect()
    assert(all.length == 40 && right(all) > 190, right(all))
    val first = all.minBy(_.getLong(0))
    val scores = (0 until 50).map(i => (3L * i - 20, byHand(model, 0, i) + model.getOrDefault(model.meanRating)))
    val best = scores.sortBy(-_._2).take(5)
    assert(first.getSeq[Row](1).map(_.getLong(0)) == best.map(_._1))
    first.getSeq[Row](1).zip(best).foreach { case (found, (_, score)) => assert(math.abs(found.getFloat(1) - score) < 1e-4) }
    val pairs = first.getSeq[Row](1).map(r => (first.getLong(0), r.getLong(0).toInt)).toDF("who", "what")
    val predicted = model.transform(pairs).select("prediction").collect().map(_.getFloat(0)).toSeq
    predicted.zip(best).foreach { case (p, (_, score)) => assert(math.abs(p - score) < 1e-4) }
    val few = model.recommendForAllItems(2)
    assert(few.count() == 50 && few.columns.toSeq == Seq("what", "recommendations"))
    val some = model.recommendForUserSubset(Seq(1000000000007L, 1000000000007L, 5L).toDF("who"), 3).collect()
    assert(some.length == 1 && some.head.getSeq[Row](1) == all.filter(_.getLong(0) == 1000000000007L).head.getSeq[Row](1).take(3))
    assert(model.recommendForItemSubset(Seq(-20, 7).toDF("what"), 60).head().getSeq[Row](1).length == 40)

    val path = Files.createTempDirectory("kiln-neumf").toString
    model.write.overwrite().save(path + "/model")
    val again = NeuralCFModel.load(path + "/model")
    assert(again.transform(held).collect().toSeq == model.transform(held).collect().toSeq)
    assert(again.recommendForAllUsers(5).collect().toSet == all.toSet)
    assert(again.summary.objectiveHistory.toSeq == model.summary.objectiveHistory.toSeq && again.getRank == 8)
    e.write.save(path + "/estimator")
    assert(NeuralCF.load(path + "/estimator").getHiddenLayers.toSeq == Seq(16, 8))
  }

  test("recommendations have the schema of MLlib's ALS, but for ids of 64 bits") {
    val small = ratings.where("NOT held").withColumn("who", (($"who" - 1000000000000L) / 7).cast("int")).withColumn("what", $"what" + 20)
    val als = new ALS().setUserCol("who").setItemCol("what").setRatingCol("stars").setMaxIter(1).fit(small)
    val ncf = estimator.setRatingCol("stars").setMaxEpochs(1).fit(small)
    def shape(frame: DataFrame): String = frame.schema.simpleString.replace("bigint", "int")
    assert(shape(ncf.recommendForAllUsers(2)) == shape(als.recommendForAllUsers(2)))
    assert(shape(ncf.recommendForItemSubset(small, 2)) == shape(als.recommendForItemSubset(small, 2)))
    assert(shape(ncf.transform(small)) == shape(als.transform(small)))
  }

  test("items are scored block by block, and all of them") {
    val many = (0 until 9001).map(i => (i % 3, i, 1.0f)).toDF("who", "what", "stars")
    val model = estimator.setRatingCol("stars").setMaxEpochs(1).setBatchSize(4096).fit(many)
    val all = model.recommendForUserSubset(Seq(1).toDF("who"), 10000).head().getSeq[Row](1)
    assert(all.length == 9001 && all.map(_.getLong(0)).toSet == (0L until 9001L).toSet)
    val predicted = model.transform(spark.range(9001).selectExpr("1 AS who", "CAST(id AS int) AS what")).select("what", "prediction")
      .collect().map(r => r.getInt(0).toLong -> r.getFloat(1)).toMap
    assert(all.forall(r => math.abs(r.getFloat(1) - predicted(r.getLong(0))) < 1e-4))
  }

  test("pairs without ratings are told from items that are drawn") {
    val seen = ratings.where("stars > 4").select($"who", $"what", $"held", lit(2.0).as("weight"))
    val model = estimator.setWeightCol("weight").setValidationIndicatorCol("held").setHandleInvalid("skip")
      .fit(seen.unionByName(seen.limit(3).withColumn("what", lit(null).cast("int"))))
    assert(right(model.recommendForAllUsers(5).collect()) > 190, right(model.recommendForAllUsers(5).collect()))
    val p = model.transform(seen).agg(min("prediction"), max("prediction")).head()
    assert(p.getFloat(0) >= 0 && p.getFloat(1) <= 1)
    assert(model.summary.objectiveHistory.last < 0.6 * model.summary.objectiveHistory.head)
    val failure = intercept[Exception](estimator.fit(seen.withColumn("what", when($"held", lit(null)).otherwise($"what"))))
    assert(failure.getMessage.contains("is null"), failure.getMessage)
  }

  test("negatives are items that the user has not been seen with, the same ones for the same seed") {
    val seen = Array(0, 2, 3, 7, 9)
    val drawn = Negatives.draw(5, 1, 10, 400, seen: _*)
    assert(drawn.length == 5 && drawn.forall(_.length == 400))
    val counts = drawn.flatten.groupBy(identity).view.mapValues(_.length).toMap
    assert(counts.keySet == Set(1, 4, 5, 6, 8) && counts.values.forall(n => math.abs(n - 400) < 100), counts)
    assert(Negatives.draw(5, 1, 10, 400, seen: _*).flatten.toSeq == drawn.flatten.toSeq)
    assert(Negatives.draw(5, 2, 10, 400, seen: _*).flatten.toSeq != drawn.flatten.toSeq)
    assert(Negatives.draw(5, 1, 3, 4, 0, 1, 2, 1).map(_.length).toSeq == Seq(0, 0, 0, 0))
  }

  test("ids that training has not seen, and null") {
    val model = estimator.setRatingCol("stars").setMaxEpochs(1).fit(ratings)
    val strangers = Seq((5L, 1), (1000000000000L, 1), (1000000000000L, 2)).toDF("who", "what")
    assert(model.transform(strangers).where(isnan($"prediction")).count() == 2, "an unknown user, and an unknown item")
    assert(model.setColdStartStrategy("drop").transform(strangers).count() == 1)
    val holes = strangers.withColumn("who", when($"what" === 2, lit(null)).otherwise($"who"))
    assert(intercept[Exception](model.transform(holes).collect()).getMessage.contains("is null"))
    model.setColdStartStrategy("nan")
    assert(model.setHandleInvalid("skip").transform(holes).count() == 2)
    val kept = model.setHandleInvalid("keep").transform(holes)
    assert(kept.count() == 3 && kept.where(isnan($"prediction")).count() == 2)
  }

  test("continueFit keeps users and items, and refuses others") {
    val e = estimator.setRatingCol("stars").setMaxEpochs(8)
    val model = e.fit(ratings.where("NOT held"))
    val few = ratings.where("held")
    val on = e.copy(ParamMap.empty).setMaxEpochs(1).setLearningRate(1e-6).continueFit(few, model)
    val difference = on.transform(few).select($"who", $"what", $"prediction".as("p"))
      .join(model.transform(few), Seq("who", "what")).agg(max(abs($"p" - $"prediction"))).head().getFloat(0)
    assert(difference < 0.01f, difference)
    assert(message(e.continueFit(few.withColumn("what", lit(1000)), model)).contains(s"${few.count()} rows have a user or an item"))
    assert(message(estimator.continueFit(few, model)).contains("set ratingCol"))
    assert(message(estimator.setRatingCol("stars").setRank(9).continueFit(few, model)).contains("rank is 9 here"))
  }

  test("faults are told before the job starts") {
    assert(message(estimator.fit(ratings.withColumn("who", $"who".cast("string")))).contains("ids are whole numbers"))
    assert(message(estimator.setRatingCol("score").fit(ratings)).contains("no column \"score\""))
    assert(message(estimator.setNetwork(smallNet(1)).fit(ratings)).contains("makes its network"))
    assert(message(estimator.fit(ratings.where("what > 1000"))).contains("no rows"))
    assert(message(estimator.setRatingCol("stars").setNegativeSamples(3).fit(ratings)).contains("clear one"))
    assert(message(estimator.setRatingCol("stars").fit(ratings.withColumn("stars", lit(null).cast("float")))).contains("has no ratings"))
    val model = estimator.setRatingCol("stars").setMaxEpochs(1).fit(ratings)
    assert(message(model.recommendForAllUsers(0)).contains("at least 1"))
    assert(message(estimator.fit(ratings.withColumn("kiln_User", lit(1)))).contains("\"kiln_user\""))
    assert(message(model.transform(ratings.withColumn("kiln_known", lit(1)))).contains("\"kiln_known\""))
  }
}
