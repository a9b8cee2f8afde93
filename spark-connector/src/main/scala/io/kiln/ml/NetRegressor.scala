package io.kiln.ml

import io.kiln.spark.feed.FeedColumns
import io.kiln.spark.job.{FitRequest, Objective, TrainingJob}
import io.kiln.spark.model.OutputColumns
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.regression.Regressor
import org.apache.spark.ml.util.{DefaultParamsReadable, DefaultParamsWritable, Identifiable}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataType, DataTypes, StructType}

/** Trains a network that predicts a number: it gives one output per row. Features are as for [[NetClassifier]]. */
class NetRegressor(override val uid: String)
    extends Regressor[Vector, NetRegressor, NetRegressionModel]
    with NetSetters[NetRegressor]
    with DefaultParamsWritable {

  /** An estimator with a random uid. */
  def this() = this(Identifiable.randomUID("netRegressor"))

  setDefault(loss -> "l2")

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType = {
    checkCombination()
    request(schema).check(schema)
    OutputColumns.append(schema, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }

  private def request(schema: StructType): FitRequest = new FitRequest(
    uid,
    FeedColumns.bind(schema, $(featuresCol), $(labelCol), optional(weightCol), optional(validationIndicatorCol)),
    new FitRequest.Model(
      getNetwork, if (isDefined(inputShape)) $(inputShape) else Array.empty[Int], $(inputScale), Objective.regressor($(loss))),
    updateSettings.rule(),
    runSettings)

  override protected def train(dataset: Dataset[_]): NetRegressionModel = {
    val result = TrainingJob.run(dataset, request(dataset.schema))
    val model = new NetRegressionModel(uid, result.network)
    model.history = Some(result.summary)
    model
  }

  override def copy(extra: ParamMap): NetRegressor = defaultCopy(extra)
}

/** Reads estimators that were saved. */
object NetRegressor extends DefaultParamsReadable[NetRegressor] {
  override def load(path: String): NetRegressor = super.load(path)
}
