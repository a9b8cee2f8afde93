package io.kiln.ml

import io.kiln.spark.feed.FeedColumns
import io.kiln.spark.job.{FitRequest, LabelWork, Objective}
import io.kiln.spark.model.{OutputColumns, Standardization}
import io.kiln.spark.notebook.LiveCurve
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.regression.Regressor
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader, MLWriter}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataType, DataTypes, StructType}

/** Trains a network that predicts a number: it has one output per row. Features are as for [[NetClassifier]]. */
class NetRegressor(override val uid: String)
    extends Regressor[Vector, NetRegressor, NetRegressionModel]
    with NetFeatureSetters[NetRegressor]
    with NetRegressorParams
    with NetFeaturesColsSetters[NetRegressor]
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("netRegressor"))

  setDefault(loss -> "l2")

  /** @group setParam */
  def setStandardizeTarget(value: Boolean): this.type = set(standardizeTarget, value)

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType = {
    checkCombination()
    request(schema).check(schema)
    OutputColumns.append(schema, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }

  /** A model that predicts in the labels' unit goes on in it: another unit would make its weights worthless. */
  private def standardizesLabels: Boolean = {
    val asked = standardizes(Objective.regressor($(loss)))
    val plain = continued.exists(n => !Standardization.target(n.graph).isPresent)
    require(
      !plain || !asked || !isSet(standardizeTarget),
      s"$uid: standardizeTarget is true here, but the network of initialModel predicts in the labels' unit, in which it is trained on; unset standardizeTarget, or set a network to train a new one")
    asked && !plain
  }

  private def request(schema: StructType): FitRequest = new FitRequest(
    uid,
    new LabelWork(
      new LabelWork.Data(
        FeedColumns.bind(schema, features(schema), $(labelCol), optional(weightCol), optional(validationIndicatorCol)),
        $(handleInvalid) != "error"),
      new LabelWork.Model(
        learned, if (isDefined(inputShape)) $(inputShape) else Array.empty[Int], $(inputScale), Objective.regressor($(loss)),
        new LabelWork.Standardize($(standardizeFeatures), standardizesLabels),
        java.util.List.of(), java.util.List.of())),
    updateSettings.rule(),
    runSettings,
    LiveCurve.beside(epochListener, $(showProgress)),
    paramTexts)

  /**
   * Trains the network. The label column is not modified: MLlib's own method would replace it, and would interpret a
   * dot in its name as a path.
   */
  override def fit(dataset: Dataset[_]): NetRegressionModel = {
    transformSchema(dataset.schema, logging = true)
    copyValues(train(dataset).setParent(this))
  }

  override protected def train(dataset: Dataset[_]): NetRegressionModel = {
    val result = runJob(dataset, request(dataset.schema))
    val model = new NetRegressionModel(uid, result.network)
    model.history = Some(result.summary)
    model
  }

  override def write: MLWriter = {
    traceNetwork(get(network))
    super.write
  }

  /**
   * Trains a model on, from its weights, on new rows: a short form for `setInitialModel(model)` without a network of its
   * own. Params are those of this estimator, and the model's network keeps its standardisation and the unit of its labels.
   */
  def continueFit(dataset: Dataset[_], model: NetRegressionModel): NetRegressionModel =
    copy(ParamMap.empty).clear(network).clear(reinitialized).setInitialModel(model).fit(dataset)

  override def copy(extra: ParamMap): NetRegressor = {
    val that = defaultCopy[NetRegressor](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object NetRegressor extends MLReadable[NetRegressor] {
  override def read: MLReader[NetRegressor] =
    NetModels.estimator(classOf[NetRegressor].getName)(new NetRegressor(_))

  override def load(path: String): NetRegressor = super.load(path)
}
