package io.kiln.ml

import io.kiln.data.text.Vocabulary
import io.kiln.nn.{Dense, Embedding, EmbeddingBag, Functional, Merge}
import io.kiln.spark.job.{HeadsWork, Normalization, Targets}
import io.kiln.spark.plan.PredictRows
import org.apache.logging.log4j.LogManager
import org.apache.logging.log4j.core.{LogEvent, Logger}
import org.apache.logging.log4j.core.appender.AbstractAppender
import org.apache.logging.log4j.core.config.Property
import org.apache.spark.ml.feature.HashingTF
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.nio.file.Files
import java.util.concurrent.ConcurrentLinkedQueue
import scala.jdk.CollectionConverters._

/** Texts and categories as inputs: by vocabularies that become part of the model, and by hashes. */
class TextsSuite extends SparkSuite {
  import spark.implicits._

  private lazy val mails: DataFrame = (0 until 200).map { n =>
    val words = Seq("the", "of", "a")(n % 3) + " " + (if (n % 2 == 0) "Offer, buy" else "Meeting at noon") + " x" * (n % 4)
    (words, Seq("Berlin", "Rome", "Oslo")(n % 3), (n % 5).toLong * 1000000007L, n % 2, n % 10 == 0)
  }.toDF("text", "city", "shop", "label", "held").coalesce(2).cache()

  private def bag(rows: Int): Functional = new Functional("text", "text_length")
    .add("bag", new EmbeddingBag(rows, 8), "text", "text_length").add("score", new Dense(2), "bag")

  private def estimator: NetEstimator = new NetEstimator().setTargetCols(Array("label")).setLosses(Array("softmaxCrossEntropy"))
    .setBatchSize(20).setMaxEpochs(15).setLearningRate(0.05).setSeed(1)

  private def words(types: String): NetEstimator = estimator.setNetwork(bag(50)).setInputCols(Array("text")).setInputTypes(Array(types))

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  private def right(model: NetModel, data: DataFrame): Long = model.setOutputNames(Array("argmax(score)"))
    .setOutputCols(Array("p")).transform(data).where($"p" === $"label").count()

  test("words are counted once, numbered by frequency and kept in the model") {
    val model = words("words index(50)").setValidationIndicatorCol("held").setNumWorkers(2).fit(mails)
    val expected = {
      val texts = mails.where(!$"held").select("text").as[String].collect().map(t => io.kiln.data.text.Tokenizer.words().tokens(t))
      Vocabulary.build(java.util.Arrays.asList(texts: _*), 1, 50).tokens
    }
    assert(model.vocabulary("text").toSeq == expected.toArray.toSeq)
    assert(right(model, mails) == 200)
    val unseen = Seq(("OFFER never-seen words", 0), ("a meeting", 1), ("", 0)).toDF("text", "label")
    assert(model.setOutputNames(Array("score")).setOutputCols(Array("s")).transform(unseen).count() == 3)
    val dir = Files.createTempDirectory("texts").toString + "/model"
    model.write.save(dir)
    val again = NetModel.load(dir)
    assert(again.vocabulary("text").toSeq == model.vocabulary("text").toSeq)
    assert(again.transform(unseen).select("s").collect().toSeq == model.transform(unseen).select("s").collect().toSeq)
    assert(right(model.copy(org.apache.spark.ml.param.ParamMap.empty), mails) == 200)
    val small = words("words index(6)").setMaxEpochs(1).fit(mails)
    assert(small.vocabulary("text").length == 6)
  }

  test("continueFit keeps the words of the model; an initial model does not meet words that are counted anew") {
    val e = words("words index(50)")
    val model = e.fit(mails)
    val other = Seq(("noon noon noon noon meeting", 0), ("buy buy new offer", 1)).toDF("text", "label")
    val on = e.setMaxEpochs(1).setLearningRate(1e-6).continueFit(other, model)
    assert(on.vocabulary("text").toSeq == model.vocabulary("text").toSeq)
    assert(right(on, mails) == 200)
    assert(message(e.copy(org.apache.spark.ml.param.ParamMap.empty).setInitialModel(model).fit(other)).contains("counted anew"))
    // A warning of texts that were counted anew is about those alone.
    val kept = java.util.Map.of("text", java.util.List.of("noon"))
    val none = java.util.List.of[String]()
    val work = new HeadsWork(
      e.getNetwork, e.inputBinding(Seq.empty, kept), new Normalization(none, java.util.List.of(), java.util.List.of()),
      new Targets(java.util.List.of("label"), none, java.util.List.of("softmaxCrossEntropy"), java.util.List.of()),
      new HeadsWork.Rows("", "", false), java.util.Set.of(), false)
    assert(work.`with`(kept).asInstanceOf[HeadsWork].counted.isEmpty)
    val more = java.util.Map.of("text", java.util.List.of("noon"), "title", java.util.List.of("buy"))
    assert(work.`with`(more).asInstanceOf[HeadsWork].counted == java.util.Set.of("title"))
    val redrawn = e.setInitialModel(model).setReinitialized(Array("bag.*")).fit(other)
    assert(redrawn.vocabulary("text").toSeq != model.vocabulary("text").toSeq)
  }

  test("one column feeds two inputs, each with a vocabulary of its own") {
    val net = new Functional("w", "w_length", "c", "c_length")
      .add("words", new EmbeddingBag(50, 4), "w", "w_length").add("signs", new EmbeddingBag(30, 4), "c", "c_length")
      .add("both", Merge.concat(1), "words", "signs").add("score", new Dense(2), "both")
    val model = estimator.setNetwork(net).setInputCols(Array("text", "text")).setInputTypes(Array("words index(50)", "characters index(30)"))
      .fit(mails)
    assert(model.vocabulary("w").toSet.contains("meeting") && model.vocabulary("w").length > 8)
    assert(model.vocabulary("c").drop(2).forall(_.length == 1) && model.vocabulary("c").contains("M"))
    assert(message(model.vocabulary("text")).contains("column \"text\" feeds inputs [w, c]; name one of them"))
    assert(message(model.vocabulary("x")).contains("there is no input or column \"x\""))
    assert(right(model, mails) == 200)
    val dir = Files.createTempDirectory("texts").toString + "/model"
    model.write.save(dir)
    assert(NetModel.load(dir).vocabulary("c").toSeq == model.vocabulary("c").toSeq)
  }

  test("a model reads renamed columns, and refuses texts that it has not counted") {
    val renamed = mails.withColumnRenamed("text", "body")
    assert(right(words("words index(50)").fit(mails).setInputCols(Array("body")), renamed) == 200)
    val hashed = words("words hash(50)").setMaxEpochs(1).fit(mails).setInputTypes(Array("words index(50)"))
    val told = message(hashed.transform(mails))
    assert(told.contains("input text would read ids of texts from column \"text\", but the model has no vocabulary of it"), told)
  }

  test("hashes need no vocabulary, and are those of HashingTF") {
    val model = words("words hash(50)").fit(mails)
    assert(model.vocabulary("text").isEmpty && right(model, mails) == 200)
    val tokens = words("hash(50)").setInputCols(Array("tokens")).fit(mails.withColumn("tokens", split($"text", " ")))
    assert(tokens.transform(mails.withColumn("tokens", split($"text", " "))).count() == 200)
    val ids = new Functional("city").add("e", new Embedding(102, 1), "city").add("score", new Dense(2), "e")
    val cities = estimator.setNetwork(ids).setInputCols(Array("city")).setInputTypes(Array("hash(102)")).setMaxEpochs(1).fit(mails)
    val table = cities.setOutputNames(Array("e")).setOutputCols(Array("e")).transform(mails).select("city", "e").distinct().collect()
    val weight = io.kiln.format.SafeTensors.read(cities.trainedNetwork.weights).tensors.get("e.weight").toFloatArray
    val hash = new HashingTF().setNumFeatures(100)
    table.foreach(r => assert(r.getDouble(1).toFloat == weight(2 + hash.indexOf(r.getString(0)))))
  }

  test("categories have ids, and unseen ones a row of their own") {
    val net = new Functional("city", "shop").add("c", new Embedding(8, 2), "city").add("s", new Embedding(8, 2), "shop")
      .add("both", Merge.concat(1), "c", "s").add("score", new Dense(2), "both")
    val model = estimator.setNetwork(net).setInputCols(Array("city", "shop")).setInputTypes(Array("index", "index(8)")).setMaxEpochs(1).fit(mails)
    assert(model.vocabulary("city").toSeq == Seq("<unk>", "<pad>", "Berlin", "Rome", "Oslo"))
    assert(model.vocabulary("shop").toSet.contains("4000000028"))
    val c = model.setOutputNames(Array("c")).setOutputCols(Array("v"))
      .transform(Seq("Paris", "Oslo", "Lima").toDF("city")).select("v").collect().map(_.get(0))
    assert(c(0) == c(2) && c(0) != c(1))
  }

  test("invalid texts are refused, skipped or kept") {
    val bad = mails.withColumn("text", when($"city" === "Oslo", lit(null)).otherwise($"text"))
      .withColumn("tokens", array(lit("a"), when($"city" === "Oslo", lit(null)).otherwise(lit("b"))))
    val n = bad.where($"text".isNull).count()
    assert(message(words("words hash(50)").fit(bad)).contains("input text: column \"text\" is null"))
    val nulls = words("hash(50)").setInputCols(Array("tokens"))
    assert(message(nulls.fit(bad)).contains("column \"tokens\" has null as element 1"))
    val model = words("words index(50)").setMaxEpochs(1).setHandleInvalid("skip").fit(bad)
    assert(model.transform(bad).count() == 200 - n)
    assert(model.setHandleInvalid("keep").transform(bad).where($"score".isNull).count() == n)
  }

  test("faults are told before the job starts") {
    def told(e: NetEstimator, part: String): Unit = {
      val text = message(e.transformSchema(mails.schema))
      assert(text.contains(part), text)
    }
    told(words("words hash"), "needs the number of different ids")
    told(words(""), "for text, state index, hash(n) or words index(n) with inputTypes")
    told(words("words index(6000000)"), "has at most 5000000 different ids, got 6000000; take hash(6000000)")
    told(words("words index").setInputCols(Array("shop")), "expected string, or an array of these")
    told(words("index(9)"), "which is not read from a column of sequences")
  }

  test("tasks of fits and predictions take no vocabulary along") {
    val rows = (0 until 600).map(n => ((0 until 200).map(i => s"word${200 * n + i}").mkString(" "), n % 2)).toDF("text", "label")
      .repartition(2).cache()
    val texts = rows.select("text").as[String].collect().flatMap(_.split(" ")).toSeq
    assert(largeTasks(spark.sparkContext.parallelize(1 to 2, 2).map(i => texts(i)).count()).nonEmpty)

    var model: NetModel = null
    val fit = largeTasks { model = estimator.setNetwork(bag(120002)).setInputCols(Array("text"))
      .setInputTypes(Array("whitespace index(120002)")).setMaxEpochs(1).setBatchSize(100).fit(rows) }
    assert(model.vocabulary("text").length == 120002)
    assert(fit.isEmpty)
    val predicted = model.setOutputNames(Array("score")).setOutputCols(Array("s")).transform(rows)
    assert(largeTasks(assert(predicted.select("s").collect().length == 600)).isEmpty)
    def prediction(data: DataFrame) = data.queryExecution.optimizedPlan.collectFirst { case p: PredictRows => p.prediction }
    assert(prediction(predicted).isDefined && prediction(model.transform(rows)) == prediction(predicted), "it is sent once")
  }

  /** What Spark says of tasks of more than 1 MB. */
  private def largeTasks(job: => Any): Seq[String] = {
    val said = new ConcurrentLinkedQueue[String]
    val logger = LogManager.getLogger("org.apache.spark.scheduler.DAGScheduler").asInstanceOf[Logger]
    val listener = new AbstractAppender("largeTasks", null, null, true, Property.EMPTY_ARRAY) {
      override def append(event: LogEvent): Unit = { said.add(event.getMessage.getFormattedMessage); () }
    }
    listener.start()
    logger.addAppender(listener)
    try job
    finally logger.removeAppender(listener)
    said.asScala.toSeq.filter(_.contains("large task binary"))
  }
}
