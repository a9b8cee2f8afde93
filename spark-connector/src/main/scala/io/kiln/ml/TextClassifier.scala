package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.spark.model.TextNetwork
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.{Param, ParamMap}
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.StructType

import scala.jdk.CollectionConverters._

/**
 * Predicts classes from texts: tokens get vectors that are learned, an encoder makes one vector of a text, and a linear
 * layer scores the classes. The tokens' vocabulary becomes part of the model. Labels are as for [[NetClassifier]].
 *
 * {{{
 * val model = new TextClassifier().setTextCol("mail").setLabelCol("spam").fit(train)
 * model.transform(test).select("prediction", "probability")
 * }}}
 */
class TextClassifier(override val uid: String)
    extends Estimator[TextClassificationModel]
    with ColumnClassifier[TextClassifier]
    with NetSequenceSetters[TextClassifier]
    with NetEmbeddingSetters[TextClassifier]
    with NetDropoutSetters[TextClassifier]
    with TextClassifierParams
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("textClassifier"))

  /** @group setParam */
  def setTextCol(value: String): this.type = set(textCol, value)

  /** @group setParam */
  def setEncoder(value: String): this.type = set(encoder, value)

  /** @group setParam */
  def setTokens(value: String): this.type = set(tokens, value)

  /** @group setParam */
  def setVocabularySize(value: Int): this.type = set(vocabularySize, value)

  /** @group setParam */
  def setHashed(value: Boolean): this.type = set(hashed, value)

  private[ml] override def block(classes: Int, vocabularies: NetIoParams.Vocabularies): Block = new TextNetwork(
    TextNetwork.Encoder.of($(encoder)),
    new TextNetwork.Sizes($(vocabularySize).toLong, $(maxLength).toLong, $(embeddingSize).toLong, classes.toLong),
    $(dropout))

  private[ml] override def made: Seq[Param[_]] =
    Seq(encoder, tokens, vocabularySize, hashed, embeddingSize, maxLength, dropout)

  override def transformSchema(schema: StructType): StructType = checked(schema)

  override def fit(dataset: Dataset[_]): TextClassificationModel = {
    val (net, classes) = trained(dataset)
    modelOf(net, classes)
  }

  private def modelOf(net: NetModel, classes: Int): TextClassificationModel = {
    val model = new TextClassificationModel(uid, ColumnModel.Trained.of(net, classes))
    model.history = net.history
    copyValues(model.setParent(this))
  }

  /**
   * Trains a model on, from its weights and with its vocabulary, on new rows. Params are those of this estimator, but for
   * those that the network was made with, from encoder to dropout: these are the model's, and an error if set otherwise.
   */
  def continueFit(dataset: Dataset[_], model: TextClassificationModel): TextClassificationModel = {
    val on = copy(ParamMap.empty).madeLike(model, made)
    on.modelOf(on.trainedOn(dataset, model), model.numClasses)
  }

  override def copy(extra: ParamMap): TextClassifier = {
    val that = defaultCopy[TextClassifier](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object TextClassifier extends MLReadable[TextClassifier] {
  override def read: MLReader[TextClassifier] =
    NetModels.estimator(classOf[TextClassifier].getName)(new TextClassifier(_))

  override def load(path: String): TextClassifier = super.load(path)
}

/** A trained network that predicts classes from texts; made by [[TextClassifier]]. */
class TextClassificationModel private[ml] (override val uid: String, of: ColumnModel.Trained)
    extends ColumnClassificationModel[TextClassificationModel](of)
    with TextClassifierParams {

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: ColumnModel.Trained)

  /** @group setParam */
  def setTextCol(value: String): this.type = set(textCol, value)

  /** The tokens by id; empty if ids are hashes. */
  def vocabulary: Array[String] =
    Option(trained.vocabularies.get(TextNetwork.INPUT)).map(_.asScala.toArray).getOrElse(Array.empty)

  private[ml] override def of(network: ColumnModel.Trained): TextClassificationModel =
    new TextClassificationModel(uid, network)
}

/** Reads saved models. */
object TextClassificationModel extends MLReadable[TextClassificationModel] {
  override def read: MLReader[TextClassificationModel] =
    ColumnClassificationModel.reader(classOf[TextClassificationModel].getName)(new TextClassificationModel(_, _))

  override def load(path: String): TextClassificationModel = super.load(path)
}
