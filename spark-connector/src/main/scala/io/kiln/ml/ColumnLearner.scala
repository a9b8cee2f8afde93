package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.spark.feed.{FeedColumn, InputBinding}
import org.apache.spark.ml.param.Param
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.StructType

import scala.jdk.CollectionConverters._

/** The Params of estimators that read other columns than one of features, and of their models. */
trait ColumnParams extends NetTrainingParams with HasLabelCol with HasPredictionCol {

  /** Which columns feed which inputs of the network.
    *
    * @param vocabularies the texts of a model, by input
    */
  private[ml] def binding(vocabularies: NetIoParams.Vocabularies): InputBinding

  /** Rejects columns that cannot be read, by the names of these Params. */
  private[ml] def checkColumns(schema: StructType): Unit

  /** A schema with the columns that the model adds. */
  private[ml] def withPredictions(schema: StructType): StructType
}

/** Setters that these estimators and their models share.
  *
  * @tparam Stage the estimator or model itself, which setters return
  */
trait ColumnSetters[Stage <: ColumnSetters[Stage]] extends ColumnParams { self: Stage =>

  /** @group setParam */
  def setPredictionCol(value: String): Stage = set(predictionCol, value)
}

/** What these estimators share: they make a network for their columns, and have a [[NetEstimator]] train it.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait ColumnLearner[Learner <: ColumnLearner[Learner]] extends ColumnSetters[Learner] with NetSetters[Learner] { self: Learner =>

  /** @group setParam */
  def setLabelCol(value: String): Learner = set(labelCol, value)

  /** The network for a number of outputs.
    *
    * @param vocabularies the texts by input, as far as they have been counted
    */
  private[ml] def block(outputs: Int, vocabularies: NetIoParams.Vocabularies): Block

  /** The loss of the labels, as text. */
  private[ml] def lossOfLabels: String

  /** The Params that decide the form of the network and what it reads. */
  private[ml] def made: Seq[Param[_]]

  /** Changes what trains a network, before it has one. */
  private[ml] def prepared(net: NetEstimator): NetEstimator = net

  /** What trains a network, which it does not have yet.
    *
    * @param standardized the inputs that are standardised
    */
  private def learner(vocabularies: NetIoParams.Vocabularies, standardized: Seq[String]): NetEstimator = {
    require(
      !isDefined(network),
      s"$uid: network: this estimator makes its network; train a network of your own with NetEstimator")
    val from = binding(vocabularies)
    val net = copyValues(new NetEstimator(uid))
    net.vocabularies = vocabularies
    net.epochListener = epochListener
    if (!from.inputNames.isEmpty) net.setInputNames(from.inputNames.asScala.toArray)
    if (standardized.nonEmpty) net.setStandardizeInputs(standardized.toArray)
    if (!from.lengthBuckets.isEmpty) net.setLengthBuckets(from.lengthBuckets.asScala.map(_.toInt).toArray)
    prepared(net.setInputCols(from.inputCols.asScala.toArray)
      .setInputTypes(from.inputTypes.asScala.toArray)
      .setTargetCols(Array($(labelCol)))
      .setLosses(Array(lossOfLabels))
      .setOutputCols(Array(ColumnLearner.Scores)))
  }

  /** What trains a new network. */
  private[ml] def fresh(
      outputs: Int, vocabularies: NetIoParams.Vocabularies, standardized: Seq[String]): NetEstimator =
    learner(vocabularies, standardized).setNetwork(block(outputs, vocabularies))

  /** Trains a new network, once the texts of its inputs have been counted. */
  private[ml] def trainedAnew(
      counting: Dataset[_], training: Dataset[_], outputs: Int, standardized: Seq[String]): NetModel = {
    val first = fresh(outputs, NetIoParams.NoVocabularies, standardized)
    val counted = first.counted(counting)
    val net = if (counted.isEmpty) first else fresh(outputs, counted, standardized)
    net.countedAnew = counted.keySet
    net.fit(training)
  }

  /** Trains the network of a model on. */
  private[ml] def trainedFurther(dataset: Dataset[_], model: ColumnModel[_], standardized: Seq[String]): NetModel =
    learner(model.trained.vocabularies, standardized).continueFit(dataset, model.trained.asNetModel(uid))

  /** Rejects columns that cannot be read, or are missing. */
  private[ml] def checkRead(schema: StructType): Unit = {
    checkColumns(schema)
    FeedColumn.find(schema, "labelCol", $(labelCol))
    ()
  }
}

private object ColumnLearner {

  /** A column that no table has: only its absence from the schema is checked. */
  private val Scores = "kiln_scores"
}
