package io.kiln.ml

import io.kiln.format.SafeTensors
import io.kiln.ndarray.Scope
import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.linalg.{Vector, Vectors}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.jdk.CollectionConverters._
import scala.util.Random

/** Classes of rows of numbers and categories. */
class WideAndDeepSuite extends SparkSuite {
  import spark.implicits._

  private val cities = Seq("Berlin", "Lyon", "Porto", "Turin")

  /** The class is whether city and device are both even or both odd, so that neither alone tells anything. */
  private lazy val visits: DataFrame = {
    val random = new Random(3)
    (0 until 600).map { n =>
      val (city, device) = (random.nextInt(4), random.nextInt(3))
      (cities(city), 10L + device, random.nextGaussian() * 1000 + 40000, random.nextInt(5), (city + device) % 2, n % 5 == 0)
    }.toDF("city", "device", "income", "visits", "label", "held").coalesce(2).cache()
  }

  private def estimator: WideAndDeepClassifier =
    new WideAndDeepClassifier().setNumericCols(Array("income", "visits")).setCategoricalCols(Array("city", "device"))
      .setLearningRate(0.02).setBatchSize(32).setMaxEpochs(10).setSeed(1)

  private def right(data: DataFrame): Double = data.where($"prediction" === $"label").count().toDouble / data.count()

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  private def shape(model: WideAndDeepClassificationModel, parameter: String): Seq[Long] = {
    val scope = Scope.open()
    try SafeTensors.read(model.trainedNetwork.weights()).tensors.get(parameter).shape.dims.toSeq
    finally scope.close()
  }

  test("crosses, and hidden layers, find what a linear model cannot") {
    val (train, test) = (visits.where("NOT held"), visits.where("held"))
    val linear = estimator.setHiddenLayers(Array.empty[Int])
    assert(right(linear.fit(train).transform(test)) < 0.7)
    val crossed = linear.setCrossedCols(Array("city:device")).fit(train)
    assert(right(crossed.transform(test)) > 0.99)
    assert(shape(crossed, "cross0.weight") == Seq(6L * 5, 2), "each combination has a row")
    assert(right(estimator.setMaxEpochs(20).setNumWorkers(2).fit(train).transform(test)) > 0.99)
  }

  test("combinations beyond crossBuckets share rows, by all parts of a cross") {
    val many = spark.range(4000).selectExpr("id % 40 AS a", "id DIV 40 % 50 AS b", "(id % 40 + id DIV 40 % 50) % 2 AS label")
    val model = new WideAndDeepClassifier().setCategoricalCols(Array("a", "b")).setCrossedCols(Array("b : a")).setCrossBuckets(1000)
      .setHiddenLayers(Array.empty[Int]).setLearningRate(0.05).setBatchSize(64).setMaxEpochs(10).setSeed(1).fit(many)
    assert(shape(model, "cross0.weight") == Seq(1000L, 2))
    val accuracy = right(model.transform(many))
    assert(accuracy > 0.55, s"$accuracy: rows that two combinations share are of either class")
    val stranger = Seq((1000L, 1L), (1001L, 1L)).toDF("a", "b")
    assert(model.transform(stranger).select("probability").distinct().count() == 1)
  }

  test("values that training has not seen share a row, as do those beyond maxCategories") {
    val model = estimator.setCrossedCols(Array("city:device")).fit(visits)
    assert(model.vocabulary("city").drop(2).toSet == cities.toSet && model.vocabulary("device").drop(2).toSet == Set("10", "11", "12"))
    val unseen = Seq(("Oslo", 10L), ("Bergen", 10L), ("Lyon", 10L), ("Lyon", 99L), ("Lyon", -5L)).toDF("city", "device")
      .withColumn("income", lit(40000.0)).withColumn("visits", lit(2))
    val p = model.transform(unseen).select("probability").collect().map(_.getAs[Vector](0))
    assert(p(0) == p(1) && p(0) != p(2) && p(3) == p(4) && p(3) != p(2))
    val two = estimator.setMaxCategories(2).setMaxEpochs(1).fit(visits)
    assert(two.vocabulary("city").length == 4 && two.vocabulary("device").length == 4)
  }

  test("a model is saved in a Pipeline with its values of categories, and three classes need no other settings") {
    val three = visits.withColumn("label", $"device" - 10).withColumn("smart", $"device" > 10).drop("device")
    val e = estimator.setCategoricalCols(Array("city", "smart")).setCrossedCols(Array("city:smart")).setMaxEpochs(2).setDropout(0.1)
    val path = Files.createTempDirectory("kiln-wide").toString
    new Pipeline().setStages(Array(e)).write.overwrite().save(path + "/estimator")
    val fitted = Pipeline.load(path + "/estimator").fit(three)
    fitted.write.overwrite().save(path + "/model")
    val again = PipelineModel.load(path + "/model")
    def rows(m: PipelineModel): Seq[Row] = m.transform(three).select("rawPrediction", "probability", "prediction").collect().toSeq
    assert(rows(again) == rows(fitted))
    val model = again.stages(0).asInstanceOf[WideAndDeepClassificationModel]
    assert(model.numClasses == 3 && model.getCrossedCols.toSeq == Seq("city:smart"))
    assert(model.vocabulary("smart").drop(2).toSet == Set("true", "false"))
    assert(model.summary == fitted.stages(0).asInstanceOf[WideAndDeepClassificationModel].summary)
    assert(fitted.stages(0).asInstanceOf[WideAndDeepClassificationModel].parent.isInstanceOf[WideAndDeepClassifier])
  }

  test("vectors of features are read, dense and standardised, or sparse and as they are") {
    val narrow = corners(150)
    val dense = new WideAndDeepClassifier().setFeaturesCol("features").setLearningRate(0.02).setMaxEpochs(20).setSeed(1).fit(narrow)
    assert(right(dense.transform(corners(90, seed = 3))) > 0.95)
    assert(dense.trainedNetwork.graphJson.contains("features:mean"))
    val wide = (0 until 120).map { i =>
      (Vectors.sparse(1 << 14, Array(i % 3 * 5000, 16000), Array(1.0, 1.0)), s"c${i % 2}", (i % 3 + i % 2) % 2)
    }.toDF("v", "c", "label")
    val sparse = new WideAndDeepClassifier().setFeaturesCol("v").setCategoricalCols(Array("c"))
      .setLearningRate(0.02).setMaxEpochs(30).setSeed(1).fit(wide)
    assert(!sparse.trainedNetwork.graphJson.contains("features:mean"))
    assert(right(sparse.transform(wide)) == 1)
    val on = new WideAndDeepClassifier().setMaxEpochs(1).setLearningRate(1e-6).continueFit(wide, sparse)
    assert(!on.trainedNetwork.graphJson.contains("features:mean") && right(on.transform(wide)) == 1)
  }

  test("weights of classes and rows count in training, and validation rows do not train") {
    val even = visits.withColumn("city", lit("Berlin")).withColumn("device", lit(10L)).withColumn("label", ($"visits" > 2).cast("int"))
      .withColumn("income", lit(0.0)).withColumn("visits", lit(0))
    def share(e: WideAndDeepClassifier): Double =
      e.setMaxEpochs(8).fit(even).transform(even.limit(1)).head().getAs[Vector]("probability")(1)
    val half = share(estimator)
    assert(share(estimator.setClassWeights(Array(1, 9))) > half + 0.2)
    val rows = even.withColumn("w", when($"label" === 1, 9.0).otherwise(1.0))
    val byRow = estimator.setWeightCol("w").setMaxEpochs(8).fit(rows).transform(even.limit(1)).head().getAs[Vector]("probability")(1)
    assert(math.abs(byRow - share(estimator.setClassWeights(Array(1, 9)))) < 0.02)
    val model = estimator.setValidationIndicatorCol("held").setClassWeights(Array(1, 2)).fit(visits)
    assert(model.summary.epochs.asScala.forall(e => !e.validationLoss.isNaN))
    assert(message(estimator.setClassWeights(Array(1, 2, 3)).fit(visits)).contains("the labels have 2 classes"))
  }

  test("rows with null") {
    Seq("city", "device", "income").foreach { name =>
      val holes = visits.withColumn(name, when($"held", lit(null)).otherwise(col(name)))
      assert(intercept[Exception](estimator.setMaxEpochs(1).fit(holes)).getMessage.contains("is null"), name)
      val model = estimator.setHandleInvalid("skip").setMaxEpochs(1).fit(holes)
      assert(model.transform(holes).count() == visits.where("NOT held").count(), name)
      val kept = model.setHandleInvalid("keep").transform(holes)
      assert(kept.count() == 600 && kept.where(isnan($"prediction")).count() == visits.where("held").count(), name)
      assert(intercept[Exception](model.setHandleInvalid("error").transform(holes).collect()).getMessage.contains("is null"), name)
    }
  }

  test("continueFit keeps the values of categories") {
    val e = estimator.setCrossedCols(Array("city:device")).setMaxEpochs(8)
    val model = e.fit(visits)
    val few = visits.limit(20).withColumn("city", lit("Lyon"))
    val on = e.copy(ParamMap.empty).setMaxEpochs(1).setLearningRate(1e-6).continueFit(few, model)
    assert(on.vocabulary("city").toSeq == model.vocabulary("city").toSeq)
    assert(right(on.transform(visits)) == right(model.transform(visits)))
    assert(message(e.copy(ParamMap.empty).setInitialModel(model).fit(visits)).contains("counted anew"))
    val bare = new WideAndDeepClassifier().setMaxEpochs(1).setLearningRate(1e-6).setClassWeights(Array(1, 2)).continueFit(few, model)
    assert(bare.getCrossedCols.toSeq == Seq("city:device") && !bare.isDefined(bare.weightCol), "as the model was made")
    assert(right(bare.transform(visits)) == right(model.transform(visits)))
    assert(message(e.setHiddenLayers(Array(8)).continueFit(few, model)).contains("hiddenLayers is [8] here"))
  }

  test("faults are told before the job starts") {
    assert(message(new WideAndDeepClassifier().fit(visits)).contains("no columns to predict from"))
    assert(message(estimator.setNumericCols(Array("city")).fit(visits)).contains("numericCols: column \"city\" is of type string"))
    assert(message(estimator.setCategoricalCols(Array("income")).fit(visits)).contains("cast indices of StringIndexer"))
    assert(message(estimator.setCategoricalCols(Array("town")).fit(visits)).contains("categoricalCols"))
    assert(message(estimator.setFeaturesCol("income").fit(visits)).contains("expected a vector"))
    assert(message(estimator.setCrossedCols(Array("city:browser")).fit(visits)).contains("none of categoricalCols [city, device]"))
    assert(message(estimator.setCrossedCols(Array("city")).fit(visits)).contains("with a colon between them"))
    assert(message(estimator.setNumericCols(Array("visits", "visits")).fit(visits)).contains("named twice"))
    assert(message(estimator.setNetwork(smallNet(1)).fit(visits)).contains("makes its network"))
    assert(message(estimator.fit(visits.withColumn("label", $"label" + 0.5))).contains("label of 1.5"))
    assert(message(estimator.fit(visits.withColumn("prediction", lit(0)))).contains("predictionCol"))
    assert(message(estimator.setClassWeights(Array(1, 2)).fit(visits.withColumn("kiln_weight", lit(1)))).contains("kiln_weight"))
    val model = estimator.setMaxEpochs(1).fit(visits)
    assert(message(model.vocabulary("income")).contains("none of categoricalCols"))
    assert(message(model.setThresholds(Array(1, 1, 1)).transform(visits)).contains("the model has 2 classes"))
  }
}
