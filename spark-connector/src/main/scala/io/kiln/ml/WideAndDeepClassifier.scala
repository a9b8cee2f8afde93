package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.spark.feed.FeatureColumns
import io.kiln.spark.model.{MlpNetwork, WideAndDeepNetwork}
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.{Param, ParamMap}
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.StructType

import scala.jdk.CollectionConverters._

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
    with NetStandardizeSetters[WideAndDeepClassifier]
    with NetEmbeddingSetters[WideAndDeepClassifier]
    with NetHiddenSetters[WideAndDeepClassifier]
    with NetDropoutSetters[WideAndDeepClassifier]
    with WideAndDeepParams
    with DefaultParamsWritable {

  /** Standardisation makes sparse rows dense: vectors that are wide enough for text or hashed features go without. */
  private var wideFeatures = false

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("wideAndDeep"))

  /** @group setParam */
  def setNumericCols(value: Array[String]): this.type = set(numericCols, value)

  /** @group setParam */
  def setCategoricalCols(value: Array[String]): this.type = set(categoricalCols, value)

  /** @group setParam */
  def setCrossedCols(value: Array[String]): this.type = set(crossedCols, value)

  /** @group setParam */
  def setCrossBuckets(value: Int): this.type = set(crossBuckets, value)

  /** @group setParam */
  def setMaxCategories(value: Int): this.type = set(maxCategories, value)

  /** @group setParam */
  def setFeaturesCol(value: String): this.type = set(featuresCol, value)

  private[ml] override def block(classes: Int, vocabularies: NetIoParams.Vocabularies): Block =
    new WideAndDeepNetwork(new WideAndDeepNetwork.Sizes(
      networkInputs(vocabularies), $(embeddingSize).toLong, $(hiddenLayers).toSeq.map(Int.box).asJava, classes.toLong, $(dropout)))

  private[ml] override def standardized: Seq[String] =
    if (!$(standardizeFeatures)) Seq.empty
    else
      Seq(WideAndDeepNetwork.NUMBERS).filter(_ => $(numericCols).nonEmpty) ++
        Seq(WideAndDeepNetwork.FEATURES).filter(_ => $(featuresCol).nonEmpty && !wideFeatures)

  private[ml] override def made: Seq[Param[_]] = Seq(
    numericCols, featuresCol, categoricalCols, crossedCols, crossBuckets, maxCategories, standardizeFeatures, embeddingSize,
    hiddenLayers, dropout)

  override def transformSchema(schema: StructType): StructType = checked(schema)

  override def fit(dataset: Dataset[_]): WideAndDeepClassificationModel = {
    checked(dataset.schema)
    val that = copy(ParamMap.empty)
    that.wideFeatures = $(featuresCol).nonEmpty && !isSet(standardizeFeatures) &&
      FeatureWidth.of(dataset, FeatureColumns.bind(dataset.schema, "featuresCol", java.util.List.of($(featuresCol)))).exists(_ > MlpNetwork.WIDEST_STANDARDIZED)
    val (net, count) = that.trained(dataset)
    modelOf(net, count)
  }

  private def modelOf(net: NetModel, classes: Int): WideAndDeepClassificationModel = {
    val model = new WideAndDeepClassificationModel(uid, ColumnClassificationModel.Trained.of(net, classes))
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
    val that = like.copy(ParamMap.empty)
    that.wideFeatures = !model.standardizesFeatures
    like.modelOf(that.trainedOn(dataset, model), model.numClasses)
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
class WideAndDeepClassificationModel private[ml] (override val uid: String, of: ColumnClassificationModel.Trained)
    extends ColumnClassificationModel[WideAndDeepClassificationModel](of)
    with WideAndDeepParams {

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: ColumnClassificationModel.Trained)

  /** The values of a column of categories that have rows of their own, by row; the first two stand for others.
    *
    * @param column one of categoricalCols
    */
  def vocabulary(column: String): Array[String] = {
    val place = $(categoricalCols).indexOf(column)
    require(
      place >= 0,
      s"$uid: vocabulary: \"$column\" is none of categoricalCols ${$(categoricalCols).mkString("[", ", ", "]")}")
    trained.vocabularies.get(WideAndDeepNetwork.category(place)).asScala.toArray
  }

  /** Whether the network standardises the vector of features. */
  private[ml] def standardizesFeatures: Boolean =
    trainedNetwork.graph.parameters.asScala.exists(_.name == s"${WideAndDeepNetwork.FEATURES}:mean")

  private[ml] override def of(network: ColumnClassificationModel.Trained): WideAndDeepClassificationModel =
    new WideAndDeepClassificationModel(uid, network)
}

/** Reads saved models. */
object WideAndDeepClassificationModel extends MLReadable[WideAndDeepClassificationModel] {
  override def read: MLReader[WideAndDeepClassificationModel] =
    ColumnClassificationModel.reader(classOf[WideAndDeepClassificationModel].getName)(new WideAndDeepClassificationModel(_, _))

  override def load(path: String): WideAndDeepClassificationModel = super.load(path)
}
