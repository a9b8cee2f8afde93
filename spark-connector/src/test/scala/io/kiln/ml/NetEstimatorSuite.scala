package io.kiln.ml

import io.kiln.ndarray.{DType, Shape, Spec}
import io.kiln.nn.{Dense, Embedding, EmbeddingBag, Functional, GraphBlock, Merge, Sequential}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.Pipeline
import org.apache.spark.ml.feature.{Binarizer, VectorSizeHint}
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.util.Random

/** Networks with named inputs and outputs, and the types of columns that feed them. */
class NetEstimatorSuite extends SparkSuite {
  import spark.implicits._

  private def ratings: Functional = new Functional("user", "item")
    .add("u", new Embedding(20, 4), "user")
    .add("i", new Embedding(30, 4), "item")
    .add("pair", Merge.concat(1), "u", "i")
    .add("hidden", new Dense(16, Activation.RELU), "pair")
    .add("stars", new Dense(1), "hidden")
    .add("liked", new Dense(2), "hidden")
    .outputs("stars", "liked")

  /** Each user likes the items of the same parity. */
  private lazy val pairs: DataFrame = {
    val random = new Random(5)
    (0 until 800).map { n =>
      val (u, i) = (random.nextInt(20), random.nextInt(30))
      val liked = if (u % 2 == i % 2) 1 else 0
      (u, i.toLong, 2f + 2 * liked, liked, n % 5 == 0)
    }.toDF("userId", "itemId", "rating", "like", "held").coalesce(2).cache()
  }

  private def estimator: NetEstimator = new NetEstimator().setBatchSize(32).setMaxEpochs(12).setLearningRate(0.02).setSeed(3)

  private def recommender: NetEstimator = estimator.setNetwork(ratings)
    .setInputCols(Array("userId", "itemId"))
    .setTargetCols(Array("rating", "like")).setLosses(Array("l2", "softmaxCrossEntropy")).setLossWeights(Array(0.5, 1))

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("two inputs and two heads train on two workers, and any value becomes a column") {
    val model = recommender.setNumWorkers(2).setMaxEpochs(40).setLearningRate(0.03).setValidationIndicatorCol("held").fit(pairs)
    assert(model.summary.objectiveHistory.last < 0.25 * model.summary.objectiveHistory.head)
    val out = model.setOutputNames(Array("stars", "softmax(liked)", "argmax(liked)", "hidden", "u"))
      .setOutputCols(Array("p", "probability", "class", "features", "taste")).transform(pairs).cache()
    assert(out.where($"class" === $"like").count() > 760)
    assert(out.select(avg(pow($"p" - $"rating", 2))).head().getDouble(0) < 0.3)
    val row = out.head()
    assert(row.getAs[Vector]("features").size == 16 && row.getAs[Vector]("taste").size == 4)
    assert(math.abs(row.getAs[Vector]("probability").toArray.sum - 1) < 1e-6)
    val items = pairs.select("itemId").distinct()
    val vectors = model.setOutputNames(Array("i")).setOutputCols(Array("vector")).transform(items)
    assert(vectors.select("vector").head().getAs[Vector](0).size == 4, "the users' column is not needed")
    assert(model.transform(items.where($"itemId" > 27)).count() == 2)
  }

  test("a model and its estimator are read again") {
    val dir = Files.createTempDirectory("net").toString
    val fitted = recommender.setMaxEpochs(2)
    val model = fitted.fit(pairs)
    model.write.overwrite().save(dir + "/model")
    val again = NetModel.load(dir + "/model")
    val expected = model.transform(pairs).select("stars", "liked").collect().toSeq
    assert(again.transform(pairs).select("stars", "liked").collect().toSeq == expected)
    assert(again.summary.objectiveHistory.toSeq == model.summary.objectiveHistory.toSeq)
    fitted.write.overwrite().save(dir + "/estimator")
    val refit = NetEstimator.load(dir + "/estimator").fit(pairs)
    assert(refit.trainedNetwork.weights.toSeq == model.trainedNetwork.weights.toSeq)
  }

  test("a pipeline knows the columns that a network adds") {
    val stages = new Pipeline().setStages(Array(
      recommender.setMaxEpochs(1).setOutputNames(Array("hidden")).setOutputCols(Array("features")),
      new Binarizer().setInputCol("rating").setOutputCol("high").setThreshold(3),
      new VectorSizeHint().setInputCol("features").setSize(16)))
    assert(stages.fit(pairs.withColumn("rating", $"rating".cast("double"))).transform(
      pairs.withColumn("rating", $"rating".cast("double"))).count() == 800)
  }

  test("token ids of different lengths are padded, cut and masked") {
    val random = new Random(2)
    val texts = (0 until 300).map { n =>
      val label = n % 2
      (Seq.fill(random.nextInt(12))(random.nextInt(9)) ++ Seq(if (label == 1) 9 else 10), label)
    }.toDF("tokens", "label")
    def net: Functional = new Functional("tokens", "tokens_length")
      .add("bag", new EmbeddingBag(11, 8), "tokens", "tokens_length").add("score", new Dense(2), "bag")
    def learner = estimator.setNetwork(net).setInputCols(Array("tokens")).setTargetCols(Array("label"))
      .setLosses(Array("softmaxCrossEntropy"))
    val model = learner.setNumWorkers(2).setMaxEpochs(20).fit(texts)
    model.setOutputNames(Array("argmax(score)", "bag")).setOutputCols(Array("p", "bag"))
    assert(model.transform(texts).where($"p" === $"label").count() > 290)
    val alone = model.transform(texts.limit(1)).select("bag").head()
    assert(model.setPredictionBatchSize(100).transform(texts).select("bag").head().getAs[Vector](0).toArray
      .zip(alone.getAs[Vector](0).toArray).forall { case (a, b) => math.abs(a - b) < 1e-6 }, "padding changes nothing")
    val cut = learner.setMaxLength(4).setLengthBuckets(Array(2, 4)).setMaxEpochs(1).fit(texts)
    assert(cut.transform(texts).count() == 300)
    val message = intercept[IllegalArgumentException](learner.setLengthBuckets(Array(2, 4)).setMaxEpochs(1).fit(texts)).getMessage
    assert(message.contains("input tokens: column \"tokens\" has") && message.contains("set maxLength"), message)
  }

  test("lengths for arrays that feed an input together are refused, unless its shape is stated") {
    val pairs = Seq((Seq(1.0, 2.0), 3.0, 1.0), (Seq(2.0, 1.0), 0.0, 0.0)).toDF("a", "b", "label")
    def joined: NetEstimator = new NetEstimator().setNetwork(new Functional("x").add("y", new Dense(1), "x"))
      .setInputCols(Array("a", "b")).setInputNames(Array("x", "x")).setTargetCols(Array("label")).setLosses(Array("l2")).setMaxEpochs(1)
    joined.fit(pairs)
    Seq("maxLength" -> joined.setMaxLength(2), "lengthBuckets" -> joined.setLengthBuckets(Array(2, 4))).foreach { case (param, e) =>
      val message = intercept[IllegalArgumentException](e.fit(pairs)).getMessage
      assert(message.contains(s"$param: input x is fed by columns [a, b] together"), message)
    }
    joined.setMaxLength(2).setInputTypes(Array("float32[3]", "")).fit(pairs)
  }

  test("the mask of an input's sequences feeds a network that is trained") {
    val texts = (0 until 200).map(n => (Seq.fill(n % 3)(n % 7) ++ Seq(n % 2 + 7), n % 2)).toDF("tokens", "label")
    val net = new Functional("tokens", "tokens_mask")
      .add("bag", new EmbeddingBag(9, 4), "tokens", "tokens_mask").add("score", new Dense(2), "bag")
    val model = estimator.setNetwork(net).setInputCols(Array("tokens")).setTargetCols(Array("label"))
      .setLosses(Array("softmaxCrossEntropy")).setMaxEpochs(15).setNumWorkers(2).fit(texts)
    model.setOutputNames(Array("argmax(score)")).setOutputCols(Array("p"))
    assert(model.transform(texts).where($"p" === $"label").count() > 195)
  }

  test("sequences come back cut to their lengths") {
    val data = Seq((Seq(1, 2, 3), 0f), (Seq(4), 1f), (Seq.empty[Int], 1f)).toDF("tokens", "y")
    val net = new Functional("tokens", "tokens_length").add("e", new Embedding(5, 2), "tokens")
      .add("bag", new EmbeddingBag(5, 2), "tokens", "tokens_length")
      .add("both", Merge.sum(), "bag").add("sum", new Dense(1), "both").outputs("sum")
    val wrong = message(estimator.setNetwork(net).setInputCols(Array("tokens")).setTargetCols(Array("y")).setLosses(Array("l2")).fit(data))
    assert(wrong.contains("no target trains parameters [e.weight]"), wrong)
    val used = new Functional("tokens").add("e", new Embedding(5, 2), "tokens")
      .add("each", Dense.onLastAxis(1), "e").add("sum", new io.kiln.nn.Lambda(x => x.sum(1)), "each").outputs("sum")
    val model = estimator.setMaxEpochs(1).setNetwork(used).setInputCols(Array("tokens")).setInputTypes(Array("int32[-1]"))
      .setTargetCols(Array("y")).setLosses(Array("l2")).fit(data)
    val rows = model.setOutputNames(Array("e", "each")).setOutputCols(Array("vectors", "scores")).transform(data)
      .select("vectors", "scores").collect()
    assert(rows.map(_.getSeq[collection.Seq[Float]](0).length).toSeq == Seq(3, 1, 0))
    assert(rows.forall(r => r.getSeq[collection.Seq[Float]](0).forall(_.length == 2)))
  }

  test("columns of every type feed a network") {
    val one = spark.range(40).select(
      ($"id" % 3).cast("int").as("whole"), ($"id" / 7).as("real"), ($"id" % 2 === 0).as("flag"),
      array($"id".cast("float"), lit(2f)).as("floats"), array($"id", lit(1L)).as("longs"),
      encode($"id".cast("string"), "utf-8").as("any"), lit(Array[Byte](1, 2, 3, -1)).as("bytes"),
      array(array($"id".cast("double")), array(lit(1.0), lit(2.0))).as("nested"),
      ($"id" % 2).cast("double").as("y"))
    def fit(net: io.kiln.nn.Block, columns: Array[String], types: Array[String] = Array()) = {
      val e = estimator.setMaxEpochs(1).setNetwork(net).setInputCols(columns).setTargetCols(Array("y")).setLosses(Array("sigmoidBce"))
      if (types.nonEmpty) e.setInputTypes(types)
      e.fit(one)
    }
    def spec(m: NetModel): Seq[String] = {
      val i = m.trainedNetwork.graph.inputs.get(0).spec
      assert(m.transform(one).count() == 40)
      Seq(i.dtype.toString, i.shape.toString)
    }
    assert(spec(fit(new Dense(1), Array("real", "flag"))) == Seq("float32", Shape.of(-1, 2).toString))
    assert(spec(fit(new Sequential(new Embedding(3, 2), new Dense(1)), Array("whole"))) == Seq("int32", Shape.of(-1).toString))
    assert(spec(fit(new Dense(1), Array("whole"), Array("float32[1]"))) == Seq("float32", Shape.of(-1, 1).toString))
    assert(spec(fit(new Dense(1), Array("floats"))) == Seq("float32", Shape.of(-1, 2).toString))
    assert(spec(fit(new Sequential(new Embedding(40, 2), new Dense(1)), Array("longs"))) == Seq("int64", Shape.of(-1, 2).toString))
    assert(spec(fit(new Dense(1), Array("bytes"), Array("float32[2,2]"))) == Seq("float32", Shape.of(-1, 2, 2).toString))
    assert(spec(fit(new Sequential(new io.kiln.nn.Lambda(x => x.sum(2).sum(1).expandDims(1)), new Dense(1)), Array("nested")))
      == Seq("float32", Shape.of(-1, -1, -1).toString))
  }

  test("a graph's own types decide") {
    val graph = new GraphBlock(new Sequential(new Embedding(50, 2), new Dense(1)).trace(new Spec(Shape.of(-1, 2), DType.INT64)))
    val data = (0 until 20).map(i => (i.toDouble, i.toShort, i.toFloat)).toDF("a", "b", "y")
    val e = estimator.setMaxEpochs(1).setNetwork(graph).setInputCols(Array("a", "b")).setTargetCols(Array("y")).setLosses(Array("l2"))
    assert(e.fit(data).transform(data).count() == 20)
    val wrong = message(e.fit(data.withColumn("a", $"a" + 0.5)))
    assert(wrong.contains("input input: column \"a\" has 0.5 as element 0, expected a whole number for int64"), wrong)
    val ids = data.withColumn("a", $"a" + 60)
    val high = intercept[Exception](e.fit(ids)).getMessage
    assert(high.contains("input input of row") && high.contains("out of range"), high)
  }

  test("invalid rows are refused, skipped or kept") {
    val data = pairs.limit(60).withColumn("userId", when($"userId" === 3, lit(null)).otherwise($"userId"))
    val bad = data.where($"userId".isNull).count()
    assert(bad > 0)
    assert(message(recommender.setMaxEpochs(1).fit(data)).contains("input user: column \"userId\" is null"))
    val model = recommender.setMaxEpochs(1).setHandleInvalid("skip").fit(data)
    assert(model.transform(data).count() == 60 - bad)
    val kept = model.setHandleInvalid("keep").transform(data)
    assert(kept.where(isnan($"stars") && $"liked".isNull).count() == bad && kept.count() == 60)
  }

  test("faults are told before the job starts") {
    def told(e: NetEstimator, parts: String*): Unit = {
      val text = message(e.transformSchema(pairs.schema))
      parts.foreach(p => assert(text.contains(p), text))
    }
    told(recommender.setInputCols(Array("userId")), "inputNames: the network has inputs [user, item], inputCols has 1 columns [userId]")
    told(recommender.setInputCols(Array("userId", "x")), "inputCols: no column \"x\"")
    told(recommender.setInputNames(Array("user", "items")), "the network has no input \"items\"; did you mean \"item\"?")
    told(recommender.setInputNames(Array("user")), "inputNames: has 1 entries, inputCols has 2")
    told(recommender.setInputTypes(Array("int", "")), "inputTypes: expected dtype")
    told(recommender.setInputTypes(Array("int32[-1]", "")), "input user: rows of shape [-1] need a column of arrays, column \"userId\" is of type int")
    told(recommender.setTargetCols(Array("rating")).setLosses(Array("l2")).setLossWeights(Array(1)), "targetNames: the network has outputs [stars, liked], targetCols has 1")
    told(recommender.setTargetNames(Array("stars", "linked")), "targetNames:", "did you mean \"liked\"?")
    told(recommender.setLosses(Array("l2", "l2", "l1")), "losses: has 3 entries for 2 targets")
    told(recommender.setLosses(Array("l2", "l2")), "target liked")
    told(recommender.setInputScale(0.5), "inputScale: is 0.5, but no input is read from a binary column")
    told(recommender.setTargetCols(Array("rating", "held")).setValidationMetric("accuracy"), "validationMetric: accuracy: outputs [stars, liked] are trained; say which one is meant, such as stars:accuracy")
    told(recommender.setTargetCols(Array("rating", "held")).setValidationMetric("star:rmse"), "no target trains an output \"star\"; did you mean \"stars\"?")
    told(recommender.setTargetCols(Array("rating", "held")).setValidationMetric("stars:auc"), "auc is for a classifier; output stars has loss l2")
    recommender.setValidationMetric("loss")
    val model = recommender.setMaxEpochs(1).fit(pairs)
    assert(message(model.setOutputNames(Array("star")).transform(pairs)).contains("did you mean \"stars\"?"))
    assert(message(model.setOutputNames(Array("stars")).setOutputCols(Array("rating")).transform(pairs)).contains("already exists"))
  }
}
