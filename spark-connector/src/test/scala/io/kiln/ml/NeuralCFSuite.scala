package io.kiln.ml

import io.kiln.format.SafeTensors
import io.kiln.ndarray.Scope
import io.kiln.spark.model.{Negatives, TrainedNetwork}
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

  private def drawn(user: Int, items: Int, count: Int, seen: Int*): Array[Array[Int]] =
    Negatives.draw(5, user, items, count, new Array[Boolean](seen.length), seen: _*)

  test("negatives are items that the user has not been seen with, the same ones for the same seed") {
    val seen = Seq(0, 2, 3, 7, 9)
    val drawn = this.drawn(1, 10, 400, seen: _*)
    assert(drawn.length == 5 && drawn.forall(_.length == 400))
    val counts = drawn.flatten.groupBy(identity).view.mapValues(_.length).toMap
    assert(counts.keySet == Set(1, 4, 5, 6, 8) && counts.values.forall(n => math.abs(n - 400) < 100), counts)
    assert(this.drawn(1, 10, 400, seen: _*).flatten.toSeq == drawn.flatten.toSeq)
    assert(this.drawn(2, 10, 400, seen: _*).flatten.toSeq != drawn.flatten.toSeq)
    assert(this.drawn(1, 3, 4, 0, 1, 2, 1).map(_.length).toSeq == Seq(0, 0, 0, 0))
  }

  test("negatives of users are independent, and of all users together uniform") {
    val (one, two) = (drawn(1, 1000, 500, 0).head, drawn(2, 1000, 500, 0).head)
    (-2 to 2).foreach { shift =>
      val same = one.indices.count(i => two.lift(i + shift).contains(one(i)))
      assert(same < 10, s"$same of 500 are those of the next user, $shift further")
    }
    val counts = (0 until 2000).flatMap(drawn(_, 21, 10, 0).head).groupBy(identity).view.mapValues(_.length).toMap
    assert(counts.size == 20 && counts.values.forall(n => math.abs(n - 1000) < 150), counts)
  }

  test("negatives of training pairs do not tell which pairs are held for validation") {
    val held = Array(false, true, false, true)
    val found = Negatives.draw(5, 1, 6, 200, held, 0, 1, 2, 3)
    assert(Seq(0, 2).forall(found(_).toSet == Set(1, 3, 4, 5)) && Seq(1, 3).forall(found(_).toSet == Set(4, 5)))
    val without = Negatives.draw(5, 1, 6, 200, Array(false, false), 0, 2)
    assert(found(0).toSeq == without(0).toSeq && found(2).toSeq == without(1).toSeq)

    val pairs = Seq((1, 0, false), (1, 1, true)).toDF(Recommender.User, Recommender.Item, "held")
    val all = estimator.setValidationIndicatorCol("held").setNegativeSamples(20).withNegatives(pairs, 3, new NetEstimator())
      .where(s"${Recommender.Target} = 0").select("kiln_held", Recommender.Item).collect().groupBy(_.getBoolean(0))
    assert(all(false).map(_.getInt(1)).toSet == Set(1, 2) && all(true).map(_.getInt(1)).toSet == Set(2))
  }

  test("pairs and negatives are in the order of the users, whenever they are read") {
    // fewer users than the 128 of a partition from which on Spark sorts groups anyway
    val pairs = Random.shuffle((0 until 60).toList).map(u => (u, u % 3)).toDF(Recommender.User, Recommender.Item).repartition(4)
    val partitions = estimator.withNegatives(pairs, 10, new NetEstimator()).select(Recommender.User).rdd.map(_.getInt(0)).glom().collect()
    assert(partitions.map(_.length).sum == 60 * 5)
    partitions.foreach(users => assert(users.toSeq == users.sorted.toSeq))
  }

  test("users, items and the mean rating are those of the rows that are trained on") {
    val rows = ratings.limit(500).select($"who", $"what", $"stars", lit(false).as("held"))
    def row(who: Any, what: Any, stars: Any, held: Any): DataFrame =
      rows.limit(1).select(
        lit(who).cast("long").as("who"), lit(what).cast("int").as("what"), lit(stars).cast("float").as("stars"),
        lit(held).cast("boolean").as("held"))
    val others = Seq(
      row(1, 1, Float.NaN, false), row(1, 1, Float.PositiveInfinity, false), row(2, 2, null, false), row(null, 3, 999f, false),
      row(4, null, 999f, false), row(5, 5, 999f, null), row(6, 6, 999f, true), row(1000000000000L, 1, 999f, true))
      .reduce(_.union(_))
    val e = estimator.setRatingCol("stars").setValidationIndicatorCol("held").setHandleInvalid("skip").setMaxEpochs(1)
    val model = e.fit(rows.union(others))
    val mean = rows.agg(avg("stars")).head().getDouble(0)
    assert(math.abs(model.getOrDefault(model.meanRating) - mean) < 1e-9)
    assert(model.users.size == rows.select("who").distinct().count() && model.items.size == rows.select("what").distinct().count())
    val strange = model.transform(row(6, 6, 0f, false)).head().getAs[Float]("prediction")
    assert(strange.isNaN)
    val stranger = rows.union(row(6, 6, 999f, true))
    assert(message(e.fit(stranger)).contains("all 1 rows held for validation have a user or an item that is in no row"))
    assert(message(e.clear(e.ratingCol).fit(stranger)).contains("all 1 rows held"))
    assert(e.fit(rows.union(others)).users.size == rows.select("who").distinct().count() + 2, "1 and 2, without ratings")
  }

  test("recommendations are ranked by the score of the network where probabilities are all 1") {
    val pairs = ratings.where("stars > 4").select("who", "what")
    val model = estimator.setMaxEpochs(2).fit(pairs)
    val scope = Scope.open()
    val weights =
      try {
        val all = new java.util.TreeMap(SafeTensors.read(model.trainedNetwork.weights()).tensors)
        all.put("output.weight", all.get("output.weight").mul(0.01f))
        all.put("output.bias", all.get("output.bias").add(50f))
        SafeTensors.toChunks(all, java.util.Map.of())
      } finally scope.close()
    val network = new TrainedNetwork(model.trainedNetwork.graphJson, weights, 1)
    val certain = new NeuralCFModel("certain", new NeuralCFModel.Learned(network, model.users, model.items, false))
    certain.set(certain.meanRating, 0.0).setUserCol("who").setItemCol("what")
    val user = certain.recommendForAllUsers(5).collect().minBy(_.getLong(0))
    val best = (0 until certain.items.size).map(i => (certain.items.id(i), byHand(certain, 0, i))).sortBy(-_._2).take(5)
    assert(user.getSeq[Row](1).map(_.getLong(0)) == best.map(_._1) && user.getSeq[Row](1).forall(_.getFloat(1) == 1f))
  }

  test("ids that training has not seen, and null") {
    val model = estimator.setRatingCol("stars").setMaxEpochs(1).fit(ratings)
    val strangers = Seq((5L, 1), (1000000000000L, 1), (1000000000000L, 2)).toDF("who", "what")
    assert(model.transform(strangers).where(isnan($"prediction")).count() == 2, "an unknown user, and an unknown item")
    assert(model.setColdStartStrategy("drop").transform(strangers).count() == 1)
    val holes = strangers.union(Seq((1000000000000L, 4)).toDF("who", "what"))
      .withColumn("who", when($"what" === 2, lit(null)).otherwise($"who"))
      .withColumn("what", when($"what" === 4, lit(null)).otherwise($"what"))
    assert(model.transform(holes).count() == 1)
    val kept = model.setColdStartStrategy("NaN").transform(holes)
    assert(kept.count() == 4 && kept.where(isnan($"prediction")).count() == 3)
    assert(model.setColdStartStrategy("Drop").transform(holes).count() == 1 && model.getColdStartStrategy == "drop")
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
    assert(message(estimator.setRatingCol("stars").fit(ratings.withColumn("stars", lit(null).cast("float")))).contains("no rows to train on"))
    val model = estimator.setRatingCol("stars").setMaxEpochs(1).fit(ratings)
    assert(message(model.recommendForAllUsers(0)).contains("at least 1"))
    assert(message(estimator.fit(ratings.withColumn("kiln_User", lit(1)))).contains("\"kiln_user\""))
    assert(message(model.transform(ratings.withColumn("kiln_known", lit(1)))).contains("\"kiln_known\""))
  }
}
