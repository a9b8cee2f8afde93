package io.kiln.ml

import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.regression.Regressor
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataType, StructType}

/**
 * A multilayer perceptron that predicts a number: a [[NetRegressor]] whose network follows from the rows, with a linear
 * part beside the hidden layers. Features are standardised inside the network, unless they are more than 1,024, and so is
 * the target for the losses of a difference.
 */
class MlpRegressor(override val uid: String)
    extends Regressor[Vector, MlpRegressor, NetRegressionModel]
    with NetFeatureSetters[MlpRegressor]
    with NetRegressorParams
    with NetFeaturesColsSetters[MlpRegressor]
    with MlpSetters[MlpRegressor]
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("mlpRegressor"))

  setDefault(loss -> "l2")

  /** @group setParam */
  def setStandardizeTarget(value: Boolean): this.type = set(standardizeTarget, value)

  private def learner: NetRegressor = {
    val built = mlp(1, 1)
    val that = copyValues(new NetRegressor(uid))
    that.set(that.network, built)
    that.epochListener = epochListener
    that
  }

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType = learner.transformSchema(schema)

  override def fit(dataset: Dataset[_]): NetRegressionModel = {
    transformSchema(dataset.schema, logging = true)
    learner.setStandardizeFeatures(standardizes(dataset)).fit(dataset).setParent(this)
  }

  override protected def train(dataset: Dataset[_]): NetRegressionModel = fit(dataset)

  override def copy(extra: ParamMap): MlpRegressor = {
    val that = defaultCopy[MlpRegressor](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object MlpRegressor extends MLReadable[MlpRegressor] {
  override def read: MLReader[MlpRegressor] =
    NetModels.estimator(classOf[MlpRegressor].getName)(new MlpRegressor(_))

  override def load(path: String): MlpRegressor = super.load(path)
}
