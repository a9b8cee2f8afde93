package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.spark.model.Backbones
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.{Param, ParamMap}
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.StructType

import scala.jdk.CollectionConverters._

/**
 * Predicts classes from images, by a network of the zoo. For transfer, `initialModel` has the weights, and
 * `reinitialized` names the last layer, such as `classifier.*` of a residual network. Labels are as for
 * [[NetClassifier]].
 *
 * {{{
 * val files = spark.read.format("binaryFile").load("photographs")
 * val model = new ImageClassifier().setImageCol("content").setBackbone("resnet18").fit(files.join(labels, "path"))
 * }}}
 */
class ImageClassifier(override val uid: String)
    extends Estimator[ImageClassificationModel]
    with ColumnClassifier[ImageClassifier]
    with ImageClassifierParams
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("imageClassifier"))

  /** @group setParam */
  def setImageCol(value: String): this.type = set(imageCol, value)

  /** @group setParam */
  def setBackbone(value: String): this.type = set(backbone, value)

  /** @group setParam */
  def setImageShape(value: Array[Int]): this.type = set(imageShape, value)

  /** @group setParam */
  def setImageFit(value: String): this.type = set(imageFit, value)

  /** @group setParam */
  def setImageTransforms(value: Array[String]): this.type = set(imageTransforms, value)

  /** @group setParam */
  def setImageMean(value: Array[Double]): this.type = set(imageMean, value)

  /** @group setParam */
  def setImageDeviation(value: Array[Double]): this.type = set(imageDeviation, value)

  private[ml] override def block(classes: Int, vocabularies: NetIoParams.Vocabularies): Block =
    Backbones.of($(backbone), shapeOfImages.map(Int.box).asJava, classes.toLong)

  private[ml] override def made: Seq[Param[_]] =
    Seq(backbone, imageShape, imageFit, imageMean, imageDeviation, inputScale)

  override def transformSchema(schema: StructType): StructType = checked(schema)

  override def fit(dataset: Dataset[_]): ImageClassificationModel = {
    val (net, classes) = trained(dataset)
    modelOf(net, classes)
  }

  private def modelOf(net: NetModel, classes: Int): ImageClassificationModel = {
    val model = new ImageClassificationModel(uid, ColumnModel.Trained.of(net, classes))
    model.history = net.history
    copyValues(model.setParent(this))
  }

  /**
   * Trains a model on, from its weights, on new rows. Params are those of this estimator, but for those that the network
   * was made with (backbone, imageShape, imageFit, imageMean, imageDeviation, inputScale): these are the model's, and an
   * error if set otherwise.
   */
  def continueFit(dataset: Dataset[_], model: ImageClassificationModel): ImageClassificationModel = {
    val on = copy(ParamMap.empty).madeLike(model, made)
    on.modelOf(on.trainedOn(dataset, model), model.numClasses)
  }

  override def copy(extra: ParamMap): ImageClassifier = {
    val that = defaultCopy[ImageClassifier](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object ImageClassifier extends MLReadable[ImageClassifier] {
  override def read: MLReader[ImageClassifier] =
    NetModels.estimator(classOf[ImageClassifier].getName)(new ImageClassifier(_))

  override def load(path: String): ImageClassifier = super.load(path)
}

/** A trained network that predicts classes from images; made by [[ImageClassifier]]. */
class ImageClassificationModel private[ml] (override val uid: String, of: ColumnModel.Trained)
    extends ColumnClassificationModel[ImageClassificationModel](of)
    with ImageClassifierParams {

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: ColumnModel.Trained)

  /** @group setParam */
  def setImageCol(value: String): this.type = set(imageCol, value)

  private[ml] override def of(network: ColumnModel.Trained): ImageClassificationModel =
    new ImageClassificationModel(uid, network)
}

/** Reads saved models. */
object ImageClassificationModel extends MLReadable[ImageClassificationModel] {
  override def read: MLReader[ImageClassificationModel] =
    ColumnClassificationModel.reader(classOf[ImageClassificationModel].getName)(new ImageClassificationModel(_, _))

  override def load(path: String): ImageClassificationModel = super.load(path)
}
