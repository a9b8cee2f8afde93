package io.kiln.ml

import io.kiln.nn.{BatchNorm, Dense, Functional, Sequential}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.sql.DataFrame

import java.nio.file.Files
import scala.jdk.CollectionConverters._

/** Trainings that begin with the weights of others, and Params that make models smoother. */
class TransferSuite extends SparkSuite {

  private def values(model: HasTrainedNetwork): Map[String, Seq[Float]] = {
    val block = model.trainedNetwork.toBlock()
    try block.values().asScala.map { case (n, v) => n -> v.toFloatArray.toSeq }.toMap
    finally block.close()
  }

  private def twoClasses: DataFrame = corners(120).where("label < 2")

  private def wrong(work: => Any): String = intercept[IllegalArgumentException](work).getMessage

  test("a saved model, its object and its safetensors give the same start; a replaced head must be named") {
    val first = classifier().setMaxEpochs(3).fit(corners(120))
    val dir = Files.createTempDirectory("kiln-transfer")
    val path = dir.resolve("model").toString
    first.write.save(path)
    val weights = dir.resolve("weights.safetensors")
    Files.write(weights, first.trainedNetwork.weights)

    def head(c: NetClassifier): NetClassifier =
      c.setNetwork(smallNet(2)).setReinitialized(Array("1.*")).setFrozen(Array("0.*")).setMaxEpochs(2)
    val models = Seq(
      head(classifier().setInitialModel(first)).fit(twoClasses),
      head(classifier().setInitialModel(path)).fit(twoClasses),
      head(classifier().setInitialModel(weights.toString)).fit(twoClasses))
    models.foreach { m =>
      assert(values(m) == values(models.head))
      assert(values(m)("0.weight") == values(first)("0.weight"))
      assert(values(m)("1.weight").length == 32)
    }
    val saved = dir.resolve("estimator").toString
    head(classifier().setInitialModel(first).setInputShape(Array(2))).write.save(saved)
    assert(values(NetClassifier.load(saved).fit(twoClasses)) == values(models.head))

    val other = classifier().setNetwork(smallNet(2)).setInitialModel(first)
    assert(wrong(other.fit(twoClasses)).contains("name it in reinitialized"))
    val more = classifier().setInitialModel(first).setReinitialized(Array("1.*"))
      .setNetwork(new Sequential(new Dense(16, Activation.RELU), new Dense(8), new Dense(3)))
    assert(wrong(more.fit(corners(120))).contains("has no parameter 2."))
    assert(wrong(classifier().setReinitialized(Array("1.*")).fit(corners(120))).contains("without an initialModel"))
    assert(wrong(classifier().setFrozen(Array("nothing.*")).fit(corners(120))).contains("matches none"))
    assert(wrong(classifier().setInitialModel(dir.resolve("none.safetensors").toString).fit(corners(120)))
      .contains("there is no file"))
    assert(wrong(new NetClassifier().setInitialModel(weights.toString).fit(corners(120))).contains("weights only"))
  }

  test("only trainable parameters change, on one and two workers; frozen ones are in no exchange") {
    Seq(1, 2).foreach { workers =>
      val c = classifier().setMaxEpochs(1).setNumWorkers(workers)
      val first = c.fit(corners(120))
      val second = c.setInitialModel(first).setTrainable(Array("*.bias")).fit(corners(120))
      val (before, after) = (values(first), values(second))
      assert(before("0.weight") == after("0.weight") && before("1.weight") == after("1.weight"))
      assert(before("0.bias") != after("0.bias") && before("1.bias") != after("1.bias"))
    }
  }

  test("learning rates differ by pattern") {
    def moved(factors: String*): Map[String, Double] = {
      val first = classifier().setOptimizer("sgd").setLearningRate(1e-3).setMaxEpochs(1)
      val start = first.fit(corners(120))
      val next = first.setInitialModel(start).setBatchSize(200).setLearningRateFactors(factors.toArray).fit(corners(120))
      val (a, b) = (values(start), values(next))
      a.map { case (name, x) => name -> x.zip(b(name)).map { case (p, q) => math.abs(p - q).toDouble }.sum }
    }
    val plain = moved()
    val factors = moved("0.weight=3", "0.*=0.5", "*=2")
    Map("0.weight" -> 3.0, "0.bias" -> 0.5, "1.weight" -> 2.0, "1.bias" -> 2.0).foreach { case (name, f) =>
      assert(math.abs(factors(name) / plain(name) - f) < 0.05, name)
    }
    assert(wrong(classifier().setLearningRateFactors(Array("0.*=0"))).contains("above 0"))
    assert(wrong(classifier().setLearningRateFactors(Array("0.*"))).contains("a pattern and a factor"))
  }

  test("continueFit goes on with the model's own network and standardisation, classes, numbers and named inputs") {
    val c = classifier().setStandardizeFeatures(true).setMaxEpochs(4)
    val first = c.fit(corners(120))
    val on = c.setMaxEpochs(1).continueFit(corners(60, seed = 9), first)
    assert(on.summary.epochs.get(0).loss < first.summary.epochs.get(0).loss / 2)
    assert(on.trainedNetwork.graphJson == first.trainedNetwork.graphJson)
    assert(c.getNetwork != null && !c.isDefined(c.initialModel))
    assert(wrong(classifier().setInputScale(2).continueFit(corners(60), first)).contains("inputScale"))

    val numbers = spark.createDataFrame((0 until 100).map(i => (Vectors.dense(i % 10, i % 7), 3.0 * (i % 10))))
      .toDF("features", "label")
    val r = new NetRegressor().setNetwork(smallNet(1)).setLearningRate(0.02).setMaxEpochs(20).setSeed(1)
    val rate = r.fit(numbers)
    val rateOn = r.setMaxEpochs(1).continueFit(numbers, rate)
    assert(rateOn.summary.epochs.get(0).loss < rate.summary.epochs.get(0).loss / 2)

    val net = new Functional("features").add("h", new Dense(8, Activation.RELU), "features").add("y", new Dense(1), "h")
    val e = new NetEstimator().setNetwork(net).setInputCols(Array("features")).setTargetCols(Array("label"))
      .setLosses(Array("l2")).setLearningRate(0.02).setMaxEpochs(10).setSeed(1)
    val named = e.fit(numbers)
    val namedOn = e.setMaxEpochs(1).setFrozen(Array("h.*")).continueFit(numbers, named)
    assert(namedOn.summary.epochs.get(0).loss < named.summary.epochs.get(0).loss / 2)
    assert(values(namedOn)("h.weight") == values(named)("h.weight"))
    namedOn.setOutputNames(Array("h")).setOutputCols(Array("hidden")).transform(numbers).select("hidden").head()
  }

  test("moving averages of weights: of one epoch, those of its steps; with early stopping; the same bits in each run") {
    val data = corners(120)
    val one = classifier().setMaxEpochs(1).setBatchSize(120).setEmaDecay(0.9)
    assert(values(one.fit(data)) == values(one.copy(ParamMap(one.emaDecay -> 0.0)).fit(data)), "one update: its weights")
    val many = classifier().setMaxEpochs(3).setEmaDecay(0.99)
    val averaged = many.fit(data)
    val last = many.copy(ParamMap(many.emaDecay -> 0.0)).fit(data)
    assert(values(averaged) != values(last))
    assert(averaged.summary.epochs.asScala.map(_.loss) == last.summary.epochs.asScala.map(_.loss))
    val two = many.copy(ParamMap(many.numWorkers -> 2)).fit(data)
    values(two).foreach { case (name, v) =>
      v.zip(values(averaged)(name)).foreach { case (a, b) => assert(math.abs(a - b) < 1e-3, name) }
    }
    assert(values(many.fit(data)) == values(averaged))
  }

  test("stochastic weight averaging: the mean of weights and running statistics at the ends of epochs") {
    val data = corners(120).selectExpr("features", "label", "label = 1 AND rand(3) < 0.3 AS held").cache()
    def fit(epochs: Int, start: Int, workers: Int, precision: String) = classifier().setPrecision(precision).setInputScale(1000)
      .setNetwork(new Sequential(new Dense(8), new BatchNorm(), new Dense(3))).setValidationIndicatorCol("held")
      .setMaxEpochs(epochs).setSwaStart(start).setNumWorkers(workers).fit(data)
    // In float16, with features as large as these, some steps overflow and are skipped.
    Seq((1, "float32"), (2, "float32"), (1, "float16")).foreach { case (workers, precision) =>
      val ends = Seq(2, 3, 4).map(n => values(fit(n, 0, workers, precision)))
      val model = fit(4, 2, workers, precision)
      assert(model.summary.epochs.asScala.exists(_.gradients.skipped > 0) == (precision == "float16"))
      values(model).foreach { case (name, v) =>
        v.zipWithIndex.foreach { case (a, i) => assert(math.abs(a - ends.map(_(name)(i)).sum / 3) < 1e-5 * math.max(1, math.abs(a)), name) }
      }
      val alone = fit(4, 0, workers, precision).summary.epochs.asScala
      val averaged = model.summary.epochs.asScala
      assert(averaged.map(_.loss) == alone.map(_.loss))
      assert(averaged.take(2).map(_.validationLoss) == alone.take(2).map(_.validationLoss))
      assert(averaged.drop(2).zip(alone.drop(2)).forall { case (a, b) => a.validationLoss != b.validationLoss })
    }
    assert(wrong(classifier().setMaxEpochs(3).setSwaStart(4).fit(data)).contains("epoch 4 does not come, training has 3 epochs"))
    assert(wrong(classifier().setSwaStart(4).setEmaDecay(0.9).fit(data)).contains("a model has one average"))
  }

  test("gradientAccumulation gives the same weights but for rounding, with weights of rows and classes") {
    val data = corners(120).selectExpr("features", "label", "0.5 + label AS importance")
    def trained(parts: Int, workers: Int): Map[String, Seq[Float]] = values(classifier().setMaxEpochs(2)
      .setWeightCol("importance").setClassWeights(Array(1, 2, 3)).setNumWorkers(workers)
      .setGradientAccumulation(parts).fit(data))
    Seq(1, 2).foreach { workers =>
      val whole = trained(1, workers)
      trained(3, workers).foreach { case (name, v) =>
        v.zip(whole(name)).foreach { case (a, b) => assert(math.abs(a - b) < 1e-3, s"$name $a $b") }
      }
    }
  }

  test("mix-up and label smoothing train, and lower the confidence") {
    def confidence(c: NetClassifier): Double =
      c.setMaxEpochs(20).fit(corners(200)).transform(corners(200, seed = 5)).select("probability").collect()
        .map(_.getAs[org.apache.spark.ml.linalg.Vector](0).toArray.max).sum / 200
    val plain = confidence(classifier())
    val mixed = confidence(classifier().setMixup(1).setGradientAccumulation(2))
    val smoothed = confidence(classifier().setLabelSmoothing(0.2))
    assert(mixed < plain - 0.02 && smoothed < plain - 0.02, s"$plain $mixed $smoothed")
    assert(wrong(classifier().setNetwork(smallNet(1)).setLoss("sigmoidBce").setLabelSmoothing(0.1).fit(twoClasses))
      .contains("labelSmoothing"))
    val ids = new NetEstimator().setNetwork(new Sequential(new io.kiln.nn.Embedding(10, 3), new Dense(1)))
      .setInputCols(Array("id")).setInputTypes(Array("int32")).setTargetCols(Array("y")).setLosses(Array("l2")).setMixup(0.2)
    val rows = spark.createDataFrame(Seq((1, 1.0), (2, 2.0))).toDF("id", "y")
    assert(wrong(ids.fit(rows)).contains("only numbers can be mixed"))
  }
}
