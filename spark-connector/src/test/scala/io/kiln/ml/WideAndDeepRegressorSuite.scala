package io.kiln.ml

import io.kiln.spark.model.Standardization
import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.evaluation.RegressionEvaluator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.nio.file.Files
import scala.jdk.CollectionConverters._
import scala.util.Random

/** Numbers predicted from rows of numbers and categories. */
class WideAndDeepRegressorSuite extends SparkSuite {
  import spark.implicits._

  /** A rent has a term for the city, one for the area, and one that only city and heating together have. */
  private lazy val flats: DataFrame = {
    val random = new Random(5)
    val cities = Seq("Berlin", "Lyon", "Porto", "Turin")
    (0 until 600).map { n =>
      val (city, heating) = (random.nextInt(4), random.nextInt(3))
      val area = 30 + 90 * random.nextDouble()
      val together = if ((city + heating) % 2 == 0) 400 else 0
      (cities(city), heating, area, 20000.0 + 300 * city + 10 * area + together, 1.0 + n % 3, n % 5 == 0)
    }.toDF("city", "heating", "area", "rent", "weight", "held").coalesce(2).cache()
  }

  private def estimator: WideAndDeepRegressor =
    new WideAndDeepRegressor().setNumericCols(Array("area")).setCategoricalCols(Array("city", "heating")).setLabelCol("rent")
      .setLearningRate(0.02).setBatchSize(32).setMaxEpochs(20).setSeed(1)

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  private def rmse(data: DataFrame, label: String = "rent"): Double = new RegressionEvaluator().setLabelCol(label).evaluate(data)

  test("crosses, and hidden layers, find what a linear model cannot") {
    val (train, test) = (flats.where("NOT held"), flats.where("held"))
    val linear = estimator.setHiddenLayers(Array.empty[Int])
    assert(rmse(linear.fit(train).transform(test)) > 100)
    assert(rmse(linear.setCrossedCols(Array("city:heating")).fit(train).transform(test)) < 40)
    val deep = estimator.setNumWorkers(2).fit(train)
    assert(rmse(deep.transform(test)) < 40)
    assert(deep.vocabulary("city").drop(2).toSet == Set("Berlin", "Lyon", "Porto", "Turin"))
  }

  test("losses and metrics are in the label's unit, whether it is standardised or not") {
    val rows = flats.where("NOT held OR heating < 2")
    Seq("l2", "l1", "{\"huber\":{\"rho\":100}}").foreach { loss =>
      val model = estimator.setLoss(loss).setWeightCol("weight").setValidationIndicatorCol("held").setValidationMetric("rmse")
        .setEarlyStoppingPatience(5).setMaxEpochs(5).fit(rows)
      val best = model.summary.epochs.get(model.summary.bestEpoch - 1)
      val held = model.transform(rows.where("held"))
      val expected = new RegressionEvaluator().setLabelCol("rent").setWeightCol("weight")
      assert(math.abs(best.metric - expected.evaluate(held)) < 0.05, loss)
      val d = col("prediction") - col("rent")
      val each = loss match {
        case "l2" => d * d / 2
        case "l1" => abs(d)
        case _ => when(abs(d) > 100, abs(d) - 50).otherwise(d * d / 200)
      }
      val mean = held.agg(sum(each * col("weight")) / sum("weight")).head().getDouble(0)
      assert(math.abs(best.validationLoss - mean) < 1e-3 * mean, s"$loss: ${best.validationLoss}, $mean")
      assert(math.abs(best.heads.asScala.head.trainingLoss - best.loss) <= 1e-5 * best.loss && model.summary.metricName == "rmse")
    }
    val plain = estimator.setStandardizeTarget(false).setMaxEpochs(1).fit(flats)
    assert(plain.summary.epochs.get(0).loss > 1e8, "without standardisation it cannot come near in an epoch")
    assert(message(estimator.setLoss("poissonNll").setStandardizeTarget(true).fit(flats)).contains("standardizeTarget needs a loss of the difference"))
  }

  test("labels are standardised as doubles: what float32 does not hold is learned") {
    val far = flats.withColumn("whole", (col("rent") * 10).cast("long") + 10000000000L).withColumn("rent", col("whole") / 10.0)
    val spread = flats.agg(stddev("rent")).head().getDouble(0)
    Seq("whole" -> 10.0, "rent" -> 1.0).foreach { case (label, unit) =>
      val model = estimator.setLabelCol(label).setValidationIndicatorCol("held").setMaxEpochs(10).fit(far)
      val target = Standardization.target(model.trainedNetwork.graph).get
      val exact = far.where("NOT held").agg(avg(label), stddev_pop(label)).head()
      assert(math.abs(target.mean - exact.getDouble(0)) < 1e-6 * unit * spread, s"$label: $target, $exact")
      assert(math.abs(target.deviation / exact.getDouble(1) - 1) < 1e-6, s"$label: $target, $exact")
      assert(model.summary.epochs.asScala.last.loss < 0.02 * unit * unit * spread * spread, label)
    }
  }

  test("a model is saved in a Pipeline, and trained on in its own unit") {
    val e = estimator.setCrossedCols(Array("city:heating")).setMaxEpochs(10)
    val path = Files.createTempDirectory("kiln-wide").toString
    new Pipeline().setStages(Array(e)).write.overwrite().save(path + "/estimator")
    val fitted = Pipeline.load(path + "/estimator").fit(flats)
    fitted.write.overwrite().save(path + "/model")
    val again = PipelineModel.load(path + "/model")
    assert(again.transform(flats).select("prediction").collect().toSeq == fitted.transform(flats).select("prediction").collect().toSeq)
    val model = again.stages(0).asInstanceOf[WideAndDeepRegressionModel]
    assert(model.summary == fitted.stages(0).asInstanceOf[WideAndDeepRegressionModel].summary)
    assert(model.copy(ParamMap.empty).setPredictionCol("p").transform(flats).select("p").head().getDouble(0) > 10000)

    val few = flats.limit(30).withColumn("city", lit("Lyon")).withColumn("rent", lit(21000.0))
    val on = e.copy(ParamMap.empty).setMaxEpochs(1).setLearningRate(1e-7).continueFit(few, model)
    assert(on.vocabulary("city").toSeq == model.vocabulary("city").toSeq)
    assert(math.abs(rmse(on.transform(flats)) - rmse(model.transform(flats))) < 0.01)
    val twice = e.copy(ParamMap.empty).setMaxEpochs(1).setLearningRate(1e-7).continueFit(few, on)
    assert(math.abs(rmse(twice.transform(flats)) - rmse(model.transform(flats))) < 0.01)
    assert(message(e.copy(ParamMap.empty).setHiddenLayers(Array(8)).continueFit(few, model)).contains("hiddenLayers is [8] here"))

    assert(message(e.copy(ParamMap.empty).setStandardizeTarget(false).continueFit(few, model)).contains("standardizeTarget is false here"))
    val plain = e.copy(ParamMap.empty).setStandardizeTarget(false).setMaxEpochs(1).fit(flats)
    val further = e.copy(ParamMap.empty).setMaxEpochs(1).setLearningRate(1e-7).continueFit(few, plain)
    assert(math.abs(rmse(further.transform(flats)) - rmse(plain.transform(flats))) < 0.01, "in the unit of the labels, as before")
  }

  test("values that were not seen, and rows with null") {
    val model = estimator.setMaxEpochs(2).fit(flats)
    val unseen = Seq(("Oslo", 1, 50.0), ("Bergen", 1, 50.0)).toDF("city", "heating", "area")
    assert(model.transform(unseen).select("prediction").distinct().count() == 1)
    val holes = flats.withColumn("area", when($"held", lit(null)).otherwise($"area"))
    assert(intercept[Exception](estimator.setMaxEpochs(1).fit(holes)).getMessage.contains("is null"))
    val kept = model.setHandleInvalid("keep").transform(holes)
    assert(kept.where(isnan($"prediction")).count() == flats.where("held").count() && kept.count() == 600)
    assert(model.setHandleInvalid("skip").transform(holes).count() == flats.where("NOT held").count())
  }

  test("faults are told before the job starts") {
    assert(message(new WideAndDeepRegressor().transformSchema(flats.schema)).contains("no columns to predict from"))
    assert(message(estimator.setLabelCol("price").transformSchema(flats.schema)).contains("labelCol"))
    assert(message(estimator.setLoss("softmaxCrossEntropy").transformSchema(flats.schema)).contains("is for classes; use l2, l1 or huber"))
    assert(message(estimator.setValidationMetric("accuracy").transformSchema(flats.schema)).contains("accuracy is for a classifier"))
    assert(message(estimator.setNetwork(smallNet(1)).fit(flats)).contains("makes its network"))
    assert(message(estimator.fit(flats.withColumn("prediction", lit(0)))).contains("predictionCol"))
  }
}
