package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.{MlpNetwork, Network}
import org.apache.spark.ml.attribute.AttributeGroup
import org.apache.spark.ml.linalg.{SQLDataTypes, Vector}
import org.apache.spark.ml.param.IntArrayParam
import org.apache.spark.ml.param.shared.HasFeaturesCol
import org.apache.spark.sql.Dataset

import scala.jdk.CollectionConverters._

/** The Params of multilayer perceptrons. */
trait MlpParams extends NetFeatureParams with NetParams with NetDropoutParams with HasFeaturesCol {

  /** Sizes of all layers. @group param */
  final val layers: IntArrayParam = new IntArrayParam(
    this, "layers",
    "sizes of all layers, from the number of features to that of outputs, as MLlib's MultilayerPerceptronClassifier has them; unset: hiddenLayers between the two numbers that the rows have",
    (a: Array[Int]) => a.length > 1 && a.forall(_ > 0))

  /** @group getParam */
  final def getLayers: Array[Int] = $(layers)

  /** Sizes of the hidden layers. @group param */
  final val hiddenLayers: IntArrayParam = new IntArrayParam(
    this, "hiddenLayers", "sizes of the hidden layers; empty: a linear model", (a: Array[Int]) => a.forall(_ > 0))

  /** @group getParam */
  final def getHiddenLayers: Array[Int] = $(hiddenLayers)

  setDefault(hiddenLayers -> Array(MlpNetwork.HIDDEN))

  /**
   * The network for a number of outputs.
   *
   * @param wanted the last of the layers, if they are set: the number of classes, or 1
   * @param outputs the outputs that the loss needs
   */
  private[ml] def mlp(wanted: Int, outputs: Int): Network = {
    if (isSet(layers) && isSet(hiddenLayers)) {
      throw new IllegalArgumentException(s"$uid: layers and hiddenLayers are both set; clear one of them")
    }
    require(
      !isDefined(network),
      s"$uid: network: this estimator builds its network from hiddenLayers; train a network of your own with NetClassifier or NetRegressor")
    require(
      !isDefined(layers) || $(layers).last == wanted,
      s"$uid: layers: ${$(layers).mkString("[", ", ", "]")} ends with ${$(layers).last} outputs, the labels need $wanted")
    val hidden = if (isDefined(layers)) $(layers).slice(1, $(layers).length - 1) else $(hiddenLayers)
    Network.of(MlpNetwork.of(hidden.toSeq.map(Int.box).asJava, outputs, $(dropout)))
  }

  /** The number of features, which decides whether they are standardised; 0 if there are no rows. */
  private[ml] def widthOf(dataset: Dataset[_]): Int = {
    val column = FeedColumn.find(dataset.schema, "featuresCol", $(featuresCol))
    val width =
      if (column.field.dataType == SQLDataTypes.VectorType)
        Some(AttributeGroup.fromStructField(column.field).size).filter(_ > 0).getOrElse {
          dataset.select(column.of(dataset)).na.drop().take(1).headOption.map(_.getAs[Vector](0).size).getOrElse(0)
        }
      else if (isDefined(layers)) $(layers).head
      else 1
    require(
      !isDefined(layers) || width == 0 || $(layers).head == width,
      s"$uid: layers: ${if (isDefined(layers)) $(layers).mkString("[", ", ", "]") else ""} begins with ${if (isDefined(layers)) $(layers).head else 0} features, column \"${$(featuresCol)}\" has $width")
    width
  }

  /** Standardisation makes sparse rows dense: tables that are wide enough for text or hashed features go without. */
  private[ml] def standardizes(dataset: Dataset[_]): Boolean =
    if (widthOf(dataset) > MlpNetwork.WIDEST_STANDARDIZED && !isSet(standardizeFeatures)) false
    else !isSet(standardizeFeatures) || $(standardizeFeatures)
}

/** Setters of multilayer perceptrons.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait MlpSetters[Learner <: MlpSetters[Learner]] extends MlpParams with NetDropoutSetters[Learner] { self: Learner =>

  /** @group setParam */
  def setLayers(value: Array[Int]): Learner = set(layers, value)

  /** @group setParam */
  def setHiddenLayers(value: Array[Int]): Learner = set(hiddenLayers, value)
}
