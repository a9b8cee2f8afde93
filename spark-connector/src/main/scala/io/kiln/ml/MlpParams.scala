package io.kiln.ml

import io.kiln.spark.model.{MlpNetwork, Network}
import org.apache.spark.ml.param.IntArrayParam
import org.apache.spark.sql.Dataset

import scala.jdk.CollectionConverters._

/** The Params of multilayer perceptrons. */
trait MlpParams extends NetFeatureParams with NetParams with NetHiddenParams with NetDropoutParams with NetFeaturesColsParams {

  /** Sizes of all layers. @group param */
  final val layers: IntArrayParam = new IntArrayParam(
    this, "layers",
    "sizes of all layers, from the number of features to that of outputs, as MLlib's MultilayerPerceptronClassifier has them; unset: hiddenLayers between the two numbers that the rows have",
    (a: Array[Int]) => a.length > 1 && a.forall(_ > 0))

  /** @group getParam */
  final def getLayers: Array[Int] = $(layers)

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
    val bound = features(dataset.schema)
    val width = FeatureWidth.of(dataset, bound).getOrElse(if (isDefined(layers)) $(layers).head else 1)
    require(
      !isDefined(layers) || width == 0 || $(layers).head == width,
      s"$uid: layers: ${if (isDefined(layers)) $(layers).mkString("[", ", ", "]") else ""} begins with ${if (isDefined(layers)) $(layers).head else 0} features, ${bound.text} has $width")
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
trait MlpSetters[Learner <: MlpSetters[Learner]] extends MlpParams with NetHiddenSetters[Learner] with NetDropoutSetters[Learner] { self: Learner =>

  /** @group setParam */
  def setLayers(value: Array[Int]): Learner = set(layers, value)
}
