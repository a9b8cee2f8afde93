package io.kiln.ml

import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.StructType

/**
 * Predicts classes from tables of numbers and categories by wide and deep learning (H.-T. Cheng et al., DLRS 2016): a linear
 * model of numbers, categories and combinations of categories, beside a perceptron of the numbers and of vectors for the
 * categories. Categories need no index: their values become part of the model. Labels are as for [[NetClassifier]].
 *
 * {{{
 * val model = new WideAndDeepClassifier().setNumericCols(Array("age", "income")).setCategoricalCols(Array("city", "device"))
 *   .setCrossedCols(Array("city:device")).setLabelCol("bought").fit(train)
 * model.transform(test).select("prediction", "probability")
 * }}}
 */
class WideAndDeepClassifier(override val uid: String)
    extends Estimator[WideAndDeepClassificationModel]
    with ColumnClassifier[WideAndDeepClassifier]
    with WideAndDeepLearner[WideAndDeepClassifier]
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("wideAndDeep"))

  override def transformSchema(schema: StructType): StructType = checked(schema, standardized(features = true))

  override def fit(dataset: Dataset[_]): WideAndDeepClassificationModel = {
    transformSchema(dataset.schema)
    val (net, count) = trained(dataset, standardized(dataset))
    modelOf(net, count)
  }

  private def modelOf(net: NetModel, classes: Int): WideAndDeepClassificationModel = {
    val model = new WideAndDeepClassificationModel(uid, ColumnModel.Trained.of(net, classes))
    model.history = net.history
    copyValues(model.setParent(this))
  }

  /**
   * Trains a model on, from its weights and with its values of categories, on new rows. Params are those of this estimator,
   * but for those that the network was made with (numericCols, featuresCol, categoricalCols, crossedCols, crossBuckets,
   * maxCategories, standardizeFeatures, embeddingSize, hiddenLayers, dropout): these are the model's, and an error if set
   * otherwise.
   */
  def continueFit(dataset: Dataset[_], model: WideAndDeepClassificationModel): WideAndDeepClassificationModel = {
    val like = copy(ParamMap.empty).madeLike(model, made)
    like.modelOf(like.trainedOn(dataset, model, like.standardized(model.standardizesFeatures)), model.numClasses)
  }

  override def copy(extra: ParamMap): WideAndDeepClassifier = {
    val that = defaultCopy[WideAndDeepClassifier](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object WideAndDeepClassifier extends MLReadable[WideAndDeepClassifier] {
  override def read: MLReader[WideAndDeepClassifier] =
    NetModels.estimator(classOf[WideAndDeepClassifier].getName)(new WideAndDeepClassifier(_))

  override def load(path: String): WideAndDeepClassifier = super.load(path)
}

/** A trained network that predicts classes from numbers and categories; made by [[WideAndDeepClassifier]]. */
class WideAndDeepClassificationModel private[ml] (override val uid: String, of: ColumnModel.Trained)
    extends ColumnClassificationModel[WideAndDeepClassificationModel](of)
    with WideAndDeepModel {

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: ColumnModel.Trained)

  private[ml] override def of(network: ColumnModel.Trained): WideAndDeepClassificationModel =
    new WideAndDeepClassificationModel(uid, network)
}

/** Reads saved models. */
object WideAndDeepClassificationModel extends MLReadable[WideAndDeepClassificationModel] {
  override def read: MLReader[WideAndDeepClassificationModel] =
    ColumnClassificationModel.reader(classOf[WideAndDeepClassificationModel].getName)(new WideAndDeepClassificationModel(_, _))

  override def load(path: String): WideAndDeepClassificationModel = super.load(path)
}
