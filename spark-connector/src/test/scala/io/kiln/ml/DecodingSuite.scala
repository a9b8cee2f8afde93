package io.kiln.ml

import io.kiln.nn.{Dense, Embedding, EmbeddingBag, Functional, Lambda, Merge}
import io.kiln.nn.rnn.{Gru, SequenceLayout}
import io.kiln.nn.transformer.TransformerSettings
import io.kiln.nn.zoo.Transformer
import io.kiln.spark.report.TrainingException
import org.apache.spark.ml.feature.CountVectorizerModel
import org.apache.spark.ml.functions.{array_to_vector, vector_to_array}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.util.Random

/** Networks that generate sequences. */
class DecodingSuite extends SparkSuite {
  import spark.implicits._

  private val Start = 1
  private val End = 2

  /** Sequences of the tokens 3 to 9, and what they are backwards. */
  private def sequences(n: Int, seed: Long): DataFrame = {
    val random = new Random(seed)
    (0 until n).map { i =>
      val tokens = Seq.fill(1 + random.nextInt(4))(3 + random.nextInt(7))
      (i, tokens, tokens.reverse, i % 10 == 0)
    }.toDF("id", "tokens", "backwards", "held").coalesce(2).cache()
  }

  private def net: Functional = new Functional("tokens", "before", "tokens_mask")
    .add("next", new Transformer(10, 16, 1, TransformerSettings.of(32, 4, 64)), "tokens", "before", "tokens_mask")

  private def estimator: NetEstimator = new NetEstimator().setNetwork(net).setInputCols(Array("tokens"))
    .setTargetCols(Array("backwards")).setLosses(Array("softmaxCrossEntropy")).setOutputCols(Array("generated"))
    .setDecoderInput("before").setStartToken(Start).setEndToken(End).setLengthBuckets(Array(6))
    .setBatchSize(32).setLearningRate(0.003).setSeed(3)

  private lazy val learned = sequences(1500, 1)
  private lazy val unseen = sequences(200, 2)
  private lazy val model = estimator.setMaxEpochs(12).setValidationIndicatorCol("held").fit(learned)

  private def generated(m: NetModel, rows: DataFrame): Seq[(Seq[Int], Seq[Long])] =
    m.transform(rows).orderBy("id").select("backwards", "generated").collect().toSeq
      .map(r => (r.getSeq[Int](0).toSeq, r.getSeq[Long](1).toSeq))

  private def right(rows: Seq[(Seq[Int], Seq[Long])]): Double =
    rows.count { case (a, b) => a.map(_.toLong) == b }.toDouble / rows.size

  test("a network trained on its targets generates them, greedily and with beams") {
    val greedy = generated(model, unseen)
    assert(right(greedy) > 0.9, greedy.take(20))
    val beams = generated(model.copy(org.apache.spark.ml.param.ParamMap.empty).setBeamWidth(4), unseen)
    assert(right(beams) >= right(greedy) - 0.02)
  }

  test("what is generated depends on neither batches nor padding, and is saved with the model") {
    val expected = generated(model, unseen)
    val single = model.copy(org.apache.spark.ml.param.ParamMap.empty).setPredictionBatchSize(1)
    assert(generated(single, unseen.limit(40)).map(_._2) == expected.take(40).map(_._2))
    val dir = Files.createTempDirectory("decoding").resolve("model").toString
    model.write.save(dir)
    assert(generated(NetModel.load(dir), unseen) == expected)
    assert(model.transform(unseen).schema("generated").dataType.catalogString == "array<bigint>")
  }

  test("the longest sequence is cut, and the scores of known targets need a column of their own") {
    val short = model.copy(org.apache.spark.ml.param.ParamMap.empty).setMaxDecodedLength(2)
    assert(generated(short, unseen).map(_._2) == generated(model, unseen).map(_._2.take(2)))

    val scores = model.copy(org.apache.spark.ml.param.ParamMap.empty)
    scores.clear(scores.decoderInput)
    scores.setInputCols(Array("tokens", "given")).setInputNames(Array("tokens", "before"))
      .setOutputNames(Array("argmax(next)")).setOutputCols(Array("p"))
    val rows = scores.transform(unseen.withColumn("given", concat(array(lit(Start)), $"backwards"))).select("backwards", "p").collect()
    val ended = rows.map(r => r.getSeq[Int](0).map(_.toLong) :+ End.toLong)
    assert(rows.zip(ended).count { case (r, e) => r.getSeq[Long](1).take(e.length) == e } > 0.9 * rows.length)
  }

  test("recurrent decoders take sequences of any length") {
    val sorts = new Functional("tokens", "tokens_length", "before")
      .add("bag", new EmbeddingBag(10, 32), "tokens", "tokens_length")
      .add("context", new Lambda(x => x.expandDims(1)), "bag")
      .add("e", new Embedding(10, 32), "before")
      .add("x", Merge.sum(), "e", "context")
      .add("states", Gru.builder.hidden(64).layout(SequenceLayout.NTC).build, "x")
      .add("next", Dense.onLastAxis(10), "states")
    val rows = learned.withColumn("backwards", array_sort($"tokens"))
    val m = estimator.setNetwork(sorts).setMaxEpochs(25).setLearningRate(0.01).setNumWorkers(2)
    m.clear(m.lengthBuckets)
    val sorting = m.fit(rows)
    assert(right(generated(sorting, unseen.withColumn("backwards", array_sort($"tokens")))) > 0.8)
  }

  test("sparse vectors are an input like dense ones") {
    val counts = new CountVectorizerModel(Array.tabulate(9000)(_.toString)).setInputCol("words").setOutputCol("counts")
    def counted(rows: DataFrame) = counts.transform(rows.withColumn("words", $"tokens".cast("array<string>")))
    val writes = new Functional("counts", "before")
      .add("c", new Dense(32), "counts").add("context", new Lambda(x => x.expandDims(1)), "c").add("e", new Embedding(10, 32), "before")
      .add("x", Merge.sum(), "e", "context").add("next", Dense.onLastAxis(10), "x")
    val m = estimator.setNetwork(writes).setInputCols(Array("counts")).setMaxEpochs(2)
    m.clear(m.lengthBuckets)
    val written = m.fit(counted(learned))
    val sparse = generated(written, counted(unseen))
    assert(sparse.map(_._2).distinct.size > 1)
    assert(generated(written, counted(unseen).withColumn("counts", array_to_vector(vector_to_array($"counts")))) == sparse)
  }

  test("what does not fit is told") {
    def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage
    val open = new NetEstimator().setNetwork(net).setInputCols(Array("tokens")).setTargetCols(Array("backwards"))
      .setLosses(Array("softmaxCrossEntropy")).setDecoderInput("before").setMaxEpochs(1)
    assert(message(open.fit(learned)).contains("decoderInput is set, but not startToken and endToken"))
    assert(message(estimator.setDecoderInput("next").fit(learned)).contains("the network has no input \"next\"; its inputs are [tokens, before]"))
    assert(message(estimator.setTargetCols(Array("id")).fit(learned)).contains("expected an array of whole numbers, the tokens"))
    assert(message(estimator.setTargetCols(Array("none")).fit(learned)).contains("targetCols: no column \"none\""))
    assert(message(estimator.setInputNames(Array("before")).fit(learned)).contains("input \"before\" takes the tokens of targetCols"))
    val whole = model.copy(org.apache.spark.ml.param.ParamMap.empty).setOutputNames(Array("argmax(next)"))
    assert(message(whole.transform(unseen)).contains("expected scores of tokens for each element of a sequence"))
    val both = model.copy(org.apache.spark.ml.param.ParamMap.empty)
      .setOutputNames(Array("next", "argmax(next)")).setOutputCols(Array("a", "b"))
    assert(message(both.transform(unseen)).contains("need what is generated in decoderInput; name one of them"))
    assert(message(model.copy(org.apache.spark.ml.param.ParamMap.empty).setMaxDecodedLength(7).transform(unseen)).contains("has a length of 6"))
    val unknown = intercept[TrainingException](estimator.setStartToken(17).setMaxEpochs(1).fit(learned)).getMessage
    assert(unknown.contains("indices must be from 0 to 9, got 17"), unknown)
    assert(message(estimator.setEndToken(17).setMaxEpochs(1).fit(learned)).contains("column \"backwards before endToken\""))
  }
}
