package io.kiln.ml

import io.kiln.spark.job.Objective
import io.kiln.spark.model.{NamedOutputs, OutputColumns, RowOutputs, Standardization}
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataTypes, StructType}

/** The Params of wide and deep regressors, and of their models. */
trait WideAndDeepRegressorParams extends WideAndDeepParams with NetLossParams with NetTargetParams {
  private[ml] override def withPredictions(schema: StructType): StructType =
    OutputColumns.append(schema, "predictionCol", $(predictionCol), DataTypes.DoubleType)
}

/**
 * Predicts a number from tables of numbers and categories by the network of [[WideAndDeepClassifier]], with one output.
 * Labels are read as double and standardised inside the network, as by [[NetRegressor]]. Without standardizeTarget they are
 * float32: whole numbers above 2^24 that it does not hold are then an error.
 *
 * {{{
 * val model = new WideAndDeepRegressor().setNumericCols(Array("rooms", "area")).setCategoricalCols(Array("city", "heating"))
 *   .setCrossedCols(Array("city:heating")).setLabelCol("rent").fit(train)
 * new RegressionEvaluator().setLabelCol("rent").evaluate(model.transform(test))
 * }}}
 */
class WideAndDeepRegressor(override val uid: String)
    extends Estimator[WideAndDeepRegressionModel]
    with WideAndDeepLearner[WideAndDeepRegressor]
    with WideAndDeepRegressorParams
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("wideAndDeepRegressor"))

  setDefault(loss -> "l2")

  /** @group setParam */
  def setLoss(value: String): this.type = set(loss, value)

  /** @group setParam */
  def setStandardizeTarget(value: Boolean): this.type = set(standardizeTarget, value)

  private[ml] override def lossOfLabels: String = $(loss)

  private[ml] override def prepared(net: NetEstimator): NetEstimator = {
    net.standardizesTarget = standardizes(Objective.regressor($(loss)))
    net
  }

  override def transformSchema(schema: StructType): StructType = {
    checkRead(schema)
    prepared(new NetEstimator(uid))
    if (!isDefined(initialModel)) {
      fresh(1, NetIoParams.NoVocabularies, standardized(features = true)).transformSchema(schema)
    }
    withPredictions(schema)
  }

  override def fit(dataset: Dataset[_]): WideAndDeepRegressionModel = {
    transformSchema(dataset.schema)
    modelOf(trainedAnew(dataset, dataset, 1, standardized(dataset)))
  }

  private def modelOf(net: NetModel): WideAndDeepRegressionModel = {
    val model = new WideAndDeepRegressionModel(uid, ColumnModel.Trained.of(net, 0))
    model.history = net.history
    copyValues(model.setParent(this))
  }

  /**
   * Trains a model on, from its weights, with its values of categories and its unit of labels, on new rows. Params are those
   * of this estimator, but for those that the network was made with (numericCols, featuresCol, categoricalCols, crossedCols,
   * crossBuckets, maxCategories, standardizeFeatures, standardizeTarget, embeddingSize, hiddenLayers, dropout): these are the
   * model's, and an error if set otherwise.
   */
  def continueFit(dataset: Dataset[_], model: WideAndDeepRegressionModel): WideAndDeepRegressionModel = {
    val like = copy(ParamMap.empty).madeLike(model, made :+ standardizeTarget)
    if (!like.isSet(standardizeTarget) && !Standardization.target(model.trainedNetwork.graph).isPresent) {
      like.setStandardizeTarget(false) // its loss could not be standardised, the network gives the labels' unit
    }
    like.checkRead(dataset.schema)
    like.withPredictions(dataset.schema)
    like.modelOf(like.trainedFurther(dataset, model, like.standardized(model.standardizesFeatures)))
  }

  override def copy(extra: ParamMap): WideAndDeepRegressor = {
    val that = defaultCopy[WideAndDeepRegressor](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object WideAndDeepRegressor extends MLReadable[WideAndDeepRegressor] {
  override def read: MLReader[WideAndDeepRegressor] =
    NetModels.estimator(classOf[WideAndDeepRegressor].getName)(new WideAndDeepRegressor(_))

  override def load(path: String): WideAndDeepRegressor = super.load(path)
}

/** A trained network that predicts a number from numbers and categories; made by [[WideAndDeepRegressor]]. */
class WideAndDeepRegressionModel private[ml] (override val uid: String, of: ColumnModel.Trained)
    extends ColumnModel[WideAndDeepRegressionModel](of)
    with WideAndDeepRegressorParams
    with WideAndDeepModel {

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: ColumnModel.Trained)

  private[ml] override def added: Seq[String] = Seq($(predictionCol)).filter(_.nonEmpty)

  private[ml] override def outputs: RowOutputs =
    NamedOutputs.of(trainedNetwork.graph, java.util.List.of(trainedNetwork.graph.outputNames.get(0)))

  private[ml] override def of(network: ColumnModel.Trained): WideAndDeepRegressionModel =
    new WideAndDeepRegressionModel(uid, network)

  override def toString: String = s"WideAndDeepRegressionModel: uid=$uid"
}

/** Reads saved models. */
object WideAndDeepRegressionModel extends MLReadable[WideAndDeepRegressionModel] {
  override def read: MLReader[WideAndDeepRegressionModel] =
    ColumnModel.reader(classOf[WideAndDeepRegressionModel].getName)(new WideAndDeepRegressionModel(_, _))

  override def load(path: String): WideAndDeepRegressionModel = super.load(path)
}
