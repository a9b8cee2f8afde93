package io.kiln.ml

import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.functions._

import java.nio.file.Files

/** Forecasts of series. */
class SequenceForecasterSuite extends SparkSuite {
  import spark.implicits._

  /** Two waves of very different scale, in no order. */
  private lazy val waves: DataFrame = (0 until 400).flatMap { t =>
    Seq(("small", t, 5 + math.sin(0.7 * t), t % 5), ("large", t, 10000 * (3 + math.sin(0.7 * t + 1)), t % 5))
  }.toDF("who", "when", "much", "day").repartition(3).cache()

  private def estimator: SequenceForecaster = new SequenceForecaster().setKeyCol("who").setTimeCol("when").setTargetCol("much")
    .setWindow(8).setHiddenSize(8).setLearningRate(0.02).setBatchSize(32).setMaxEpochs(12).setSeed(1)

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  private def wave(who: String, t: Int): Double =
    if (who == "small") 5 + math.sin(0.7 * t) else 10000 * (3 + math.sin(0.7 * t + 1))

  /** The largest error, in parts of the waves' height. */
  private def worst(rows: Seq[Row], horizon: Int): Double = rows.flatMap { r =>
    val height = if (r.getString(0) == "small") 1 else 10000
    val found = if (horizon == 1) Seq(r.getDouble(2)) else r.getSeq[Double](2)
    found.zipWithIndex.map { case (y, i) => math.abs(y - wave(r.getString(0), r.getInt(1) + 1 + i)) / height }
  }.max

  test("each encoder continues waves of any scale, and looks at nothing that comes later") {
    Seq("linear", "lstm", "gru", "tcn").foreach { encoder =>
      val model = estimator.setEncoder(encoder).setHorizon(3).fit(waves.where("when < 300"))
      val found = model.transform(waves).select("who", "when", "prediction").collect().toSeq
      assert(found.length == 800 && found.count(_.isNullAt(2)) == 14, encoder)
      assert(worst(found.filter(r => !r.isNullAt(2) && r.getInt(1) >= 300), 3) < 0.25, encoder)
      val cut = model.transform(waves.where("when <= 320")).where("when = 320").select("who", "prediction").collect().toSet
      assert(cut == model.transform(waves).where("when = 320").select("who", "prediction").collect().toSet, encoder)
    }
  }

  test("forecast continues each series; models are saved, copied and part of a Pipeline") {
    val path = Files.createTempDirectory("kiln-forecast").toString
    val pipeline = new Pipeline().setStages(Array(estimator.setValueCols(Array("day"))))
    pipeline.write.overwrite().save(path + "/estimator")
    val fitted = Pipeline.load(path + "/estimator").fit(waves)
    fitted.write.overwrite().save(path + "/model")
    val again = PipelineModel.load(path + "/model")
    def rows(m: PipelineModel): Seq[Row] = m.transform(waves).orderBy("who", "when").collect().toSeq
    assert(rows(again) == rows(fitted))
    val model = again.stages(0).asInstanceOf[SequenceForecasterModel]
    assert(model.getWindow == 8 && model.getValueCols.toSeq == Seq("day") && model.summary.lossHistory.length == 12)
    assert(again.transform(waves).columns.toSeq == waves.columns.toSeq :+ "prediction")
    val next = model.forecast(waves).select("who", "when", "prediction").collect().toSeq
    assert(next.length == 2 && next.forall(_.getInt(1) == 399) && worst(next, 1) < 0.15, next)
    val e = estimator
    val copied = e.copy(new ParamMap().put(e.window, 4))
    assert(copied.getWindow == 4 && copied.getKeyCol == "who" && e.getWindow == 8)
    val on = e.setMaxEpochs(1).setLearningRate(1e-7).continueFit(waves, estimator.setMaxEpochs(12).fit(waves))
    assert(worst(on.forecast(waves).select("who", "when", "prediction").collect().toSeq, 1) < 0.15)
    val wide = estimator.setEncoder("tcn").setWindow(12).setHorizon(2).setMaxEpochs(2).fit(waves)
    val bare = new SequenceForecaster().setKeyCol("who").setTimeCol("when").setTargetCol("much").setMaxEpochs(1).setLearningRate(1e-9)
    val kept = bare.continueFit(waves, wide)
    assert(kept.getWindow == 12 && kept.getEncoder == "tcn" && kept.getHorizon == 2)
    def ends(m: SequenceForecasterModel) = m.forecast(waves).orderBy("who").collect().flatMap(r => Seq(0, 1).map(r.getSeq[Double](r.length - 1)(_)))
    ends(kept).zip(ends(wide)).foreach { case (a, b) => assert(math.abs(a / b - 1) < 1e-4) }
    assert(message(bare.setWindow(8).continueFit(waves, wide)).contains("window is 8 here, but the model was made with 12"))
    assert(message(bare.clear(bare.window).setValueCols(Array("day")).continueFit(waves, wide)).contains("valueCols has 1 columns"))
    val one = e.clear(e.keyCol).fit(waves.where("who = 'small'"))
    assert(one.forecast(waves.where("who = 'small'")).count() == 1)
  }

  test("windows of training rows do not reach into validation rows, and equal times give one last row") {
    val split = waves.withColumn("held", $"when" >= 300)
    val fit = estimator.setHorizon(3).setMaxEpochs(1).setValidationIndicatorCol("held").fit(split)
    assert(fit.summary.epochs.get(0).rows == 2 * (300 - 7 - 3))
    assert(!fit.summary.epochs.get(0).validationLoss.isNaN)
    assert(message(estimator.setValidationIndicatorCol("day").fit(waves)).contains("expected boolean"))
    // The last rows of each series are what one window forecasts.
    val tail = estimator.setHorizon(3).setMaxEpochs(1).setValidationIndicatorCol("held").fit(waves.withColumn("held", $"when" >= 397))
    assert(tail.summary.epochs.get(0).rows == 2 * (397 - 7 - 3) && !tail.summary.epochs.get(0).validationLoss.isNaN)
    // A meter that rises slowly is no constant.
    val meter = waves.withColumn("much", lit(2e9) + $"when" * 0.1)
    assert(estimator.setMaxEpochs(1).fit(meter).summary.epochs.get(0).rows == 2 * (400 - 8))
    val twice = waves.union(waves.where("when = 399"))
    assert(fit.forecast(twice).groupBy("who").count().collect().map(_.getLong(1)).toSeq == Seq(1, 1))
    // Of equal times, the order of arrival decides nothing.
    val rivals = waves.union(waves.where("when = 399").withColumn("much", $"much" + 1))
    def ends(rows: DataFrame): Seq[Row] = fit.forecast(rows).select("who", "much", "prediction").orderBy("who").collect().toSeq
    assert(ends(rivals.orderBy("much").coalesce(1)) == ends(rivals.orderBy(desc("much")).coalesce(1)))
  }

  test("nulls, equal values and wrong columns") {
    val holes = waves.withColumn("much", when($"when" === 100, lit(null)).when($"when" === 200, lit(Double.NaN)).otherwise($"much"))
    assert(intercept[Exception](estimator.fit(holes)).getMessage.contains("null, NaN or infinite values"))
    val skipping = estimator.setHandleInvalid("skip").setMaxEpochs(1).fit(holes)
    assert(skipping.transform(holes).count() == 800 - 2 * 16)
    val kept = skipping.setHandleInvalid("keep").transform(holes)
    assert(kept.count() == 800 && kept.where("prediction IS NULL").count() == 2 * (7 + 16))
    val nobody = waves.withColumn("who", when($"when" === 50, lit(null)).otherwise($"who"))
    assert(intercept[Exception](estimator.fit(nobody)).getMessage.contains("who null, when 50"))
    assert(estimator.setHandleInvalid("skip").setMaxEpochs(1).fit(nobody).transform(nobody).count() == 798)
    val never = waves.withColumn("when", when($"when" === 50, lit(null)).otherwise($"when"))
    assert(intercept[Exception](estimator.fit(never)).getMessage.contains("when null"))
    val timeless = estimator.setHandleInvalid("keep").setMaxEpochs(1).fit(never).transform(never)
    assert(timeless.count() == 800 && timeless.where("prediction IS NULL").count() == 2 * (7 + 1))
    // Equal values whose mean is rounded teach nothing either.
    val rounded = waves.where("who = 'large'").union(waves.where("who = 'small'").withColumn("much", lit(0.1)))
    assert(estimator.setMaxEpochs(1).fit(rounded).summary.epochs.get(0).rows == 400 - 8)
    val flat = waves.withColumn("much", when($"who" === "small", lit(7.0)).otherwise($"much"))
    val model = estimator.setMaxEpochs(1).fit(flat)
    assert(model.transform(flat).where("who = 'small' AND prediction IS NOT NULL AND prediction <> 7").count() == 0)
    assert(message(estimator.fit(waves.where("who = 'none'"))).contains("no series has 8 + 1 rows"))
    assert(message(estimator.setTargetCol("height").fit(waves)).contains("targetCol"))
    assert(message(estimator.setTargetCol("who").fit(waves)).contains("expected a number"))
    assert(message(estimator.setKeyCol("name").fit(waves)).contains("keyCol"))
    assert(message(estimator.setNetwork(smallNet(1)).fit(waves)).contains("makes its network"))
    assert(message(estimator.fit(waves.withColumn("prediction", lit(1)))).contains("predictionCol"))
    assert(message(estimator.fit(waves.withColumn("kiln_Mean", lit(1)))).contains("\"kiln_mean\""))
    assert(model.setPredictionCol("").transform(flat).columns.toSeq == flat.columns.toSeq)
    assert(message(model.forecast(flat)).contains("predictionCol is empty"))
  }
}
