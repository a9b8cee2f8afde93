package io.kiln.ml

import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.feature.StringIndexer
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.tuning.{CrossValidator, ParamGridBuilder}
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.functions._

import java.nio.file.Files

/** Classes of texts. */
class TextClassifierSuite extends SparkSuite {
  import spark.implicits._

  /** Three classes of mails, two of which have the same words in another order. */
  private lazy val mails: DataFrame = (0 until 240).map { n =>
    val kind = n % 3
    val words = Seq("please buy, do not wait", "please wait, do not buy", "meeting at noon")(kind)
    (" so" * (n % 4) + words + " x" * (n % 7), Seq("buy", "wait", "meet")(kind), kind, n % 2 == 0)
  }.toDF("text", "name", "label", "even").coalesce(2).cache()

  private def estimator: TextClassifier =
    new TextClassifier().setVocabularySize(60).setMaxLength(40).setEmbeddingSize(16).setLearningRate(0.01).setBatchSize(32).setMaxEpochs(12).setSeed(1)

  private def right(data: DataFrame): Long = data.where($"prediction" === $"label").count()

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("encoders that read in order tell the same words in another order apart, and padding has no influence") {
    Seq("cnn", "lstm", "transformer").foreach { encoder =>
      val model = estimator.setEncoder(encoder).setMaxEpochs(20).fit(mails)
      assert(right(model.transform(mails)) >= 236, encoder)
      def probabilities(data: DataFrame): Seq[Vector] =
        model.transform(data).orderBy("text").select("probability").collect().map(_.getAs[Vector](0)).toSeq
      val short = mails.where("length(text) < 30").limit(20)
      val beside = short.union(Seq(("z" + " buy" * 300, "buy", 0, true)).toDF("text", "name", "label", "even")).coalesce(1)
      probabilities(short).zip(probabilities(beside).take(short.count().toInt)).foreach { case (alone, padded) =>
        alone.toArray.zip(padded.toArray).foreach { case (a, b) => assert(math.abs(a - b) < 1e-5, encoder) }
      }
    }
  }

  test("a model is saved in a Pipeline with its vocabulary, and tuned by cross-validation") {
    val index = new StringIndexer().setInputCol("name").setOutputCol("class")
    val text = estimator.setEncoder("cnn").setLabelCol("class").setLabelSmoothing(0.05).setMaxEpochs(15)
    val path = Files.createTempDirectory("kiln-texts").toString
    val pipeline = new Pipeline().setStages(Array(index, text))
    pipeline.write.overwrite().save(path + "/estimator")
    val fitted = Pipeline.load(path + "/estimator").fit(mails)
    fitted.write.overwrite().save(path + "/model")
    val again = PipelineModel.load(path + "/model")
    def rows(m: PipelineModel): Seq[Row] =
      m.transform(mails).select("text", "rawPrediction", "probability", "prediction").orderBy("text").collect().toSeq
    assert(rows(again) == rows(fitted))
    val model = again.stages(1).asInstanceOf[TextClassificationModel]
    assert(model.numClasses == 3 && model.vocabulary.contains("buy") && model.vocabulary.length < 60)
    assert(model.vocabulary.toSeq == fitted.stages(1).asInstanceOf[TextClassificationModel].vocabulary.toSeq)
    assert(model.summary == fitted.stages(1).asInstanceOf[TextClassificationModel].summary)
    assert(model.getLabelSmoothing == 0.05 && model.getEncoder == "cnn")
    assert(fitted.stages(1).asInstanceOf[TextClassificationModel].parent.isInstanceOf[TextClassifier])

    val grid = new ParamGridBuilder().addGrid(text.learningRate, Array(1e-6, 0.01)).build()
    val validated = new CrossValidator().setEstimator(text).setEstimatorParamMaps(grid).setNumFolds(2).setSeed(1)
      .setEvaluator(new MulticlassClassificationEvaluator().setLabelCol("class").setMetricName("accuracy"))
      .fit(index.fit(mails).transform(mails))
    assert(validated.avgMetrics(1) > 0.9 && validated.avgMetrics(0) < 0.7, validated.avgMetrics.toSeq)
    assert(validated.bestModel.asInstanceOf[TextClassificationModel].getLearningRate == 0.01)
  }

  test("continueFit keeps the vocabulary; hashes need none") {
    val e = estimator.setMaxEpochs(6)
    val two = mails.where("label <> 1").withColumn("label", expr("label / 2"))
    val model = e.fit(two)
    assert(model.numClasses == 2 && right(model.transform(two)) == 160)
    val on = e.setMaxEpochs(1).setLearningRate(1e-6).continueFit(Seq(("noon noon meeting", 1.0), ("buy", 0.0)).toDF("text", "label"), model)
    assert(on.vocabulary.toSeq == model.vocabulary.toSeq && right(on.transform(two)) == 160)
    assert(message(e.copy(ParamMap.empty).setInitialModel(model).fit(two)).contains("counted anew"))
    // The form of the network is the model's.
    val narrow = estimator.setEncoder("cnn").setEmbeddingSize(8).setTokens("whitespace").setMaxLength(30).setMaxEpochs(15).fit(mails)
    assert(narrow.numClasses == 3)
    val bare = new TextClassifier().setMaxEpochs(1).setLearningRate(1e-7).setSeed(1)
    val same = bare.continueFit(mails.where("label = 0"), narrow)
    assert(same.numClasses == 3 && same.getEncoder == "cnn" && same.getTokens == "whitespace" && same.getMaxLength == 30)
    assert(!bare.isSet(bare.encoder))
    def predictions(m: TextClassificationModel) = m.transform(mails).select("prediction").collect().toSeq
    assert(predictions(same) == predictions(narrow))
    assert(message(bare.setEncoder("lstm").continueFit(mails, narrow)).contains("encoder is \"lstm\" here, but the model was made with \"cnn\""))
    assert(message(bare.clear(bare.encoder).setThresholds(Array(1, 1)).continueFit(mails, narrow)).contains("the model has 3 classes"))
    val wide = intercept[Exception](e.continueFit(mails, model))
    assert(Iterator.iterate[Throwable](wide)(_.getCause).takeWhile(_ != null).exists(_.getMessage.contains("class")), wide)
    // Weights of a model of three classes, by their names.
    val again = estimator.setHashed(true).setMaxEpochs(8).fit(mails)
    val begun = estimator.setHashed(true).setMaxEpochs(1).setLearningRate(1e-7).setInitialModel(again).fit(mails)
    assert(right(begun.transform(mails)) == right(again.transform(mails)))
    val hashed = estimator.setHashed(true).setTextCol("words").fit(two.withColumn("words", split($"text", " ")))
    assert(hashed.vocabulary.isEmpty && right(hashed.transform(two.withColumn("words", split($"text", " ")))) == 160)
  }

  test("texts that are null or empty") {
    val holes = mails.withColumn("text", when($"label" === 2 && $"even", lit(null)).otherwise($"text"))
    assert(intercept[Exception](estimator.setMaxEpochs(1).fit(holes)).getMessage.contains("is null"))
    val model = estimator.setHandleInvalid("skip").setMaxEpochs(1).fit(holes)
    assert(model.transform(holes).count() == holes.where("text IS NOT NULL").count())
    val kept = model.setHandleInvalid("keep").transform(holes)
    assert(kept.where(isnan($"prediction")).count() == holes.where("text IS NULL").count())
    Seq("mean", "cnn", "lstm", "transformer").foreach { encoder =>
      val empty = Seq(("", 0), (" ", 1), ("", 0)).toDF("text", "label").coalesce(1)
      val found = estimator.setEncoder(encoder).setMaxEpochs(1).fit(empty.union(mails.select("text", "label"))).transform(empty)
      assert(found.where(isnan($"prediction")).count() == 0, encoder)
    }
  }

  test("weights of classes, and calibrated probabilities") {
    // Of equal texts, a third is of class 1.
    val noisy = mails.withColumn("label", when(monotonically_increasing_id() >= 84 && $"label" === 1, 0).otherwise($"label"))
      .withColumn("held", length($"text") % 5 === 0).cache()
    def ones(e: TextClassifier): Long = e.setMaxEpochs(12).fit(noisy).transform(noisy).where("prediction = 1").count()
    val e = estimator.setEncoder("cnn")
    val plain = ones(e)
    val heavy = ones(e.copy(ParamMap.empty).setClassWeights(Array(0.2, 5, 1)))
    assert(heavy > plain + 20, s"$plain $heavy")
    // Weights of classes are weights of training rows.
    val byRow = noisy.withColumn("w", when($"held" || $"label" === 2, 1.0).when($"label" === 0, 0.2).otherwise(5.0))
    def losses(m: TextClassificationModel): Seq[(Double, Double)] = {
      val epochs = m.summary.epochs
      (0 until epochs.size).map(i => (epochs.get(i).loss, epochs.get(i).validationLoss))
    }
    val weighing = estimator.setMaxEpochs(3).setValidationIndicatorCol("held")
    assert(losses(weighing.copy(ParamMap.empty).setClassWeights(Array(0.2, 5, 1)).fit(noisy)) ==
      losses(weighing.copy(ParamMap(weighing.weightCol -> "w")).fit(byRow)))
    assert(message(weighing.copy(ParamMap(weighing.weightCol -> "name")).setClassWeights(Array(1, 1, 1)).transformSchema(noisy.schema))
      .contains("weightCol: column \"name\" is of type string"))
    assert(message(estimator.setClassWeights(Array(1, 2)).fit(noisy)).contains("there are 2 weights, the labels have 3 classes"))

    val model = e.setMaxEpochs(25).fit(mails.limit(120))
    val shuffled = mails.withColumn("label", when($"even", ($"label" + 1) % 3).otherwise($"label"))
    val calm = model.calibrate(shuffled)
    def sure(m: TextClassificationModel): Double =
      m.transform(mails).select("probability").collect().map(_.getAs[Vector](0).toArray.max).sum / 240
    assert(sure(calm) < sure(model) - 0.1, s"${sure(calm)} ${sure(model)}")
    assert(calm.transform(mails).select("prediction").collect().toSeq == model.transform(mails).select("prediction").collect().toSeq)
    val gap = shuffled.union(Seq((null: String, "buy", 0, true)).toDF("text", "name", "label", "even"))
    assert(math.abs(sure(model.copy(ParamMap.empty).setHandleInvalid("keep").calibrate(gap)) - sure(calm)) < 1e-6)
    assert(calm.vocabulary.toSeq == model.vocabulary.toSeq && calm.hasSummary)
  }

  test("thresholds, and faults that are told before the job starts") {
    val model = estimator.setMaxEpochs(1).fit(mails)
    assert(model.setThresholds(Array(1e-9, 1, 1)).transform(mails).where("prediction = 0").count() == 240)
    assert(message(model.setThresholds(Array(1, 1)).transform(mails)).contains("the model has 3 classes"))
    assert(message(estimator.setThresholds(Array(1, 1)).fit(mails)).contains("the labels have 3 classes"))
    assert(message(estimator.setTextCol("body").fit(mails)).contains("textCol"))
    assert(message(estimator.setTextCol("label").fit(mails)).contains("expected string"))
    assert(message(estimator.setLabelCol("class").fit(mails)).contains("labelCol"))
    val gaps = mails.withColumn("label", when($"even" && $"label" === 2, lit(Double.NaN)).otherwise($"label".cast("double")))
    assert(estimator.setHandleInvalid("skip").setMaxEpochs(1).fit(gaps).numClasses == 3)
    assert(intercept[Exception](estimator.setMaxEpochs(1).fit(gaps)).getMessage.contains("NaN"))
    assert(message(estimator.fit(mails.withColumn("label", $"label" + 0.5))).contains("label of 2.5"))
    assert(message(estimator.setNetwork(smallNet(1)).fit(mails)).contains("makes its network"))
    assert(message(estimator.setEncoder("transformer").setEmbeddingSize(12).fit(mails)).contains("need a multiple of 8"))
    assert(message(estimator.fit(mails.withColumn("prediction", lit(0)))).contains("predictionCol"))
    assert(message(estimator.setEncoder("transformer").setLengthBuckets(Array(8, 16)).fit(mails)).contains("texts of one length"))
    assert(message(estimator.setEncoder("transformer").setLengthBuckets(Array(64)).fit(mails)).contains("positions up to maxLength 40"))
    assert(message(estimator.setEncoder("gru")).contains("encoder"))
  }
}
