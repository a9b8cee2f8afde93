package io.kiln.ml

import io.kiln.nn.{Dense, Embedding, EmbeddingBag, Functional, Lambda}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import scala.util.Random

/** A target for each element of a sequence. */
class SequenceTargetsSuite extends SparkSuite {
  import spark.implicits._

  /** The label of a token is whether it is odd. */
  private lazy val sentences: DataFrame = {
    val random = new Random(4)
    (0 until 150).map { n =>
      val tokens = Seq.fill(1 + random.nextInt(9))(random.nextInt(20))
      (tokens, tokens.map(_ % 2), tokens.map(t => t / 10f), n % 5 == 0)
    }.toDF("tokens", "labels", "numbers", "held").coalesce(2).cache()
  }

  private def net: Functional = new Functional("tokens").add("e", new Embedding(20, 8), "tokens")
    .add("tags", Dense.onLastAxis(2), "e").add("each", Dense.onLastAxis(1), "e")
    .add("sizes", new Lambda(x => x.squeeze(2)), "each").outputs("tags", "sizes")

  private def estimator: NetEstimator = new NetEstimator().setNetwork(net).setInputCols(Array("tokens")).setInputTypes(Array("int32[-1]"))
    .setTargetCols(Array("labels", "numbers")).setLosses(Array("softmaxCrossEntropy", "l2"))
    .setBatchSize(16).setMaxEpochs(20).setLearningRate(0.05).setSeed(2)

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("each element has a class and a number, and padding does not count") {
    val model = estimator.setNumWorkers(2).setValidationIndicatorCol("held").fit(sentences)
    model.setOutputNames(Array("argmax(tags)", "sizes")).setOutputCols(Array("p", "s"))
    val rows = model.transform(sentences).select("labels", "p", "numbers", "s").collect()
    assert(rows.forall(r => r.getSeq[Int](0).map(_.toLong) == r.getSeq[Long](1)))
    assert(rows.forall(r => r.getSeq[Float](2).zip(r.getSeq[Float](3)).forall { case (a, b) => math.abs(a - b) < 0.1 }))
  }

  test("the loss is the mean over the elements of a row, then over rows") {
    val model = estimator.setTargetNames(Array("tags")).setTargetCols(Array("labels")).setLosses(Array("softmaxCrossEntropy"))
      .setNetwork(new Functional("tokens").add("e", new Embedding(20, 8), "tokens").add("tags", Dense.onLastAxis(2), "e").outputs("tags"))
      .setMaxEpochs(1).setLearningRate(1e-12).fit(sentences)
    val rows = model.setOutputNames(Array("softmax(tags)")).setOutputCols(Array("p")).transform(sentences).select("labels", "p").collect()
    val losses = rows.map { r =>
      val each = r.getSeq[Int](0).zip(r.getSeq[collection.Seq[Float]](1)).map { case (tag, p) => -math.log(p(tag)) }
      each.sum / each.length
    }
    assert(math.abs(model.summary.objectiveHistory.head - losses.sum / losses.length) < 1e-4)
  }

  /** A bag of the tokens, and outputs of one shape. */
  private def fixed(output: Functional => Functional): NetEstimator = estimator
    .setNetwork(output(new Functional("tokens", "tokens_length").add("bag", new EmbeddingBag(20, 4), "tokens", "tokens_length")).outputs("y"))
    .setMaxEpochs(1)

  test("arrays of arrays of one shape are targets like vectors") {
    val rows = sentences.withColumn("pair", array(array(size($"tokens"), lit(1), lit(0))))
    def learner = fixed(_.add("d", new Dense(3), "bag").add("y", new Lambda(x => x.expandDims(1)), "d")).setTargetCols(Array("pair"))
    val nested = learner.setLosses(Array("l2")).fit(rows)
    val flat = fixed(_.add("d", new Dense(3), "bag").add("y", new Lambda(x => x.mul(1)), "d")).setTargetCols(Array("flat")).setLosses(Array("l2"))
      .fit(rows.withColumn("flat", $"pair".getItem(0)))
    val losses = Seq(nested, flat).map(_.summary.objectiveHistory.head)
    assert(math.abs(losses(0) - losses(1)) < 1e-5, losses)
    assert(learner.setLosses(Array("dice")).fit(rows).summary.objectiveHistory.head < 2)
  }

  test("buckets and limits of sequences leave other targets alone") {
    val rows = sentences.withColumn("three", array(lit(0.2), lit(0.5), lit(0.3)))
    Seq("l2", "softmaxCrossEntropy").foreach { loss =>
      def learner(bucket: Int) = fixed(_.add("y", new Dense(3), "bag")).setTargetCols(Array("three")).setLosses(Array(loss))
        .setLengthBuckets(Array(bucket, 16)).setMaxLength(2).fit(rows).summary.objectiveHistory.head
      assert(math.abs(learner(3) - learner(4)) < 1e-5, loss)
    }
  }

  test("a loss of whole rows is refused for sequences") {
    val told = message(estimator.setTargetNames(Array("sizes")).setTargetCols(Array("numbers")).setLosses(Array("dice"))
      .setNetwork(new Functional("tokens").add("e", new Embedding(20, 1), "tokens").add("sizes", new Lambda(x => x.squeeze(2)), "e").outputs("sizes"))
      .transformSchema(sentences.schema))
    assert(told.contains("target sizes: loss dice does not fit output") && told.contains("gives one number per row"), told)
  }

  test("sequences are cut together, and must be as long as their targets") {
    val cut = estimator.setMaxLength(4).setLengthBuckets(Array(2, 4)).setMaxEpochs(1).fit(sentences)
    assert(cut.transform(sentences).count() == 150)
    val odd = sentences.withColumn("labels", when(size($"labels") > 8, slice($"labels", 1, 8)).otherwise($"labels"))
    val unequal = message(estimator.setMaxEpochs(1).fit(odd))
    assert(unequal.contains("target tags: column \"labels\" has 8 elements, input tokens has 9; give each element a target"), unequal)
    val wrong = message(estimator.setMaxEpochs(1).fit(sentences.withColumn("labels", transform($"labels", _ + 1))))
    assert(wrong.contains("expected a whole number from 0 to 1"), wrong)
    val nulls = sentences.withColumn("labels", when(size($"labels") === 1, array(lit(null).cast("int"))).otherwise($"labels"))
    assert(message(estimator.setMaxEpochs(1).fit(nulls)).contains("target tags: column \"labels\" has null as element 0"))
    assert(estimator.setMaxEpochs(1).setHandleInvalid("skip").fit(nulls).summary.epochs.get(0).rows
      == sentences.where(size($"labels") > 1).count())
  }
}
