package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.spark.feed.{FeedColumn, InputBinding}
import io.kiln.spark.job.Objective
import io.kiln.spark.model.OutputColumns
import org.apache.spark.ml.linalg.SQLDataTypes
import org.apache.spark.ml.param.Param
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol, HasProbabilityCol, HasRawPredictionCol, HasThresholds}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.{lit, when}
import org.apache.spark.sql.types.{DataTypes, NumericType, StructType}

import scala.jdk.CollectionConverters._

/** The Params of classifiers that read other columns than one of features, and of their models. */
trait ColumnClassifierParams
    extends NetTrainingParams
    with NetSmoothingParams
    with NetClassWeightParams
    with HasLabelCol
    with HasRawPredictionCol
    with HasProbabilityCol
    with HasPredictionCol
    with HasThresholds {

  /** Which columns feed which inputs of the network.
    *
    * @param vocabularies the texts of a model, by input
    */
  private[ml] def binding(vocabularies: NetIoParams.Vocabularies): InputBinding

  /** Rejects columns that cannot be read, by the names of these Params. */
  private[ml] def checkColumns(schema: StructType): Unit

  /** A schema with the columns that the model adds. */
  private[ml] def withClasses(schema: StructType): StructType = {
    val raw = OutputColumns.append(schema, "rawPredictionCol", $(rawPredictionCol), SQLDataTypes.VectorType)
    val prob = OutputColumns.append(raw, "probabilityCol", $(probabilityCol), SQLDataTypes.VectorType)
    OutputColumns.append(prob, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }
}

/** Setters that these classifiers and their models share.
  *
  * @tparam Stage the estimator or model itself, which setters return
  */
trait ColumnClassifierSetters[Stage <: ColumnClassifierSetters[Stage]] extends ColumnClassifierParams { self: Stage =>

  /** @group setParam */
  def setRawPredictionCol(value: String): Stage = set(rawPredictionCol, value)

  /** @group setParam */
  def setProbabilityCol(value: String): Stage = set(probabilityCol, value)

  /** @group setParam */
  def setPredictionCol(value: String): Stage = set(predictionCol, value)

  /** @group setParam */
  def setThresholds(value: Array[Double]): Stage = set(thresholds, value)
}

/** What these classifiers share: they make a network for the classes of the label column, and have a [[NetEstimator]] train it.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait ColumnClassifier[Learner <: ColumnClassifier[Learner]]
    extends ColumnClassifierSetters[Learner]
    with NetSetters[Learner]
    with NetClassWeightSetters[Learner]
    with ClassCount { self: Learner =>

  /** @group setParam */
  def setLabelCol(value: String): Learner = set(labelCol, value)

  /** @group setParam */
  def setLabelSmoothing(value: Double): Learner = set(labelSmoothing, value)

  /** The network for a number of classes.
    *
    * @param vocabularies the texts by input, as far as they have been counted
    */
  private[ml] def block(classes: Int, vocabularies: NetIoParams.Vocabularies): Block

  /** The inputs that are standardised. */
  private[ml] def standardized: Seq[String] = Seq.empty

  /** The Params that decide the form of the network and what it reads. */
  private[ml] def made: Seq[Param[_]]

  private def checkThresholds(classes: Int, of: String): Unit = require(
    !isDefined(thresholds) || $(thresholds).length == classes,
    s"$uid: thresholds has ${if (isDefined(thresholds)) $(thresholds).length else 0} entries, $of $classes classes")

  private def checkClassWeights(classes: Int, of: String): Unit = require(
    !isDefined(classWeights) || $(classWeights).length == classes,
    s"$uid: classWeights: there are ${if (isDefined(classWeights)) $(classWeights).length else 0} weights, $of $classes classes; give one weight per class")

  /** Rejects columns that weights cannot be made of. */
  private def checkWeights(schema: StructType): Unit = if (isDefined(classWeights)) {
    OwnColumns.check(uid, schema, Seq(ColumnClassifier.Weight))
    if (optional(weightCol).nonEmpty) {
      val kind = FeedColumn.find(schema, "weightCol", $(weightCol)).field.dataType
      require(
        kind.isInstanceOf[NumericType],
        s"$uid: weightCol: column \"${$(weightCol)}\" is of type ${kind.catalogString}; expected a number")
    }
  }

  /** The rows with the weights of their classes. What is no class is left to those who check labels. */
  private def weighted(dataset: Dataset[_]): Dataset[_] =
    if (!isDefined(classWeights)) dataset
    else {
      def column(param: String, name: String) = FeedColumn.find(dataset.schema, param, name).of(dataset)
      val own = if (optional(weightCol).isEmpty) lit(1.0) else column("weightCol", $(weightCol)).cast("double")
      val label = column("labelCol", $(labelCol)).cast("double")
      val held = optional(validationIndicatorCol)
      val validates = if (held.isEmpty) lit(false) else column("validationIndicatorCol", held)
      val factor = $(classWeights).zipWithIndex.foldLeft(lit(1.0)) { case (other, (w, i)) => when(label === i, w).otherwise(other) }
      dataset.withColumn(ColumnClassifier.Weight, own * when(validates, 1.0).otherwise(factor))
    }

  /** What trains a network, which it does not have yet. */
  private def learner(vocabularies: NetIoParams.Vocabularies): NetEstimator = {
    require(
      !isDefined(network),
      s"$uid: network: this estimator makes its network; train a network of your own with NetEstimator")
    val from = binding(vocabularies)
    val net = copyValues(new NetEstimator(uid))
    net.vocabularies = vocabularies
    net.epochListener = epochListener
    if (!from.inputNames.isEmpty) net.setInputNames(from.inputNames.asScala.toArray)
    if (isDefined(classWeights)) net.setWeightCol(ColumnClassifier.Weight)
    if (standardized.nonEmpty) net.setStandardizeInputs(standardized.toArray)
    if (!from.lengthBuckets.isEmpty) net.setLengthBuckets(from.lengthBuckets.asScala.map(_.toInt).toArray)
    net.setInputCols(from.inputCols.asScala.toArray)
      .setInputTypes(from.inputTypes.asScala.toArray)
      .setTargetCols(Array($(labelCol)))
      .setLosses(Array(Objective.smoothed("softmaxCrossEntropy", $(labelSmoothing))))
      .setOutputCols(Array(ColumnClassifier.Scores))
  }

  private def fresh(classes: Int, vocabularies: NetIoParams.Vocabularies): NetEstimator =
    learner(vocabularies).setNetwork(block(classes, vocabularies))

  /** The schema of the model's rows. */
  private[ml] def checked(schema: StructType): StructType = {
    checkColumns(schema)
    checkWeights(schema)
    FeedColumn.find(schema, "labelCol", $(labelCol))
    val known = declaredClasses(schema).orElse(get(thresholds).map(_.length))
    // The weights of an initial model fit to its own number of classes only.
    if (known.isDefined || !isDefined(initialModel)) {
      val classes = known.getOrElse(ClassCount.Two)
      checkThresholds(classes, "the labels have")
      if (known.isDefined) checkClassWeights(classes, "the labels have")
      val rows = if (isDefined(classWeights)) schema.add(ColumnClassifier.Weight, DataTypes.DoubleType) else schema
      fresh(classes, NetIoParams.NoVocabularies).transformSchema(rows)
    }
    withClasses(schema)
  }

  /** Trains a new network, with the number of its classes. */
  private[ml] def trained(dataset: Dataset[_]): (NetModel, Int) = {
    checked(dataset.schema)
    val count = classes(dataset, None)
    checkThresholds(count, "the labels have")
    checkClassWeights(count, "the labels have")
    val counted = fresh(count, NetIoParams.NoVocabularies).counted(dataset)
    val net = fresh(count, counted)
    net.countedAnew = counted.keySet
    (net.fit(weighted(dataset)), count)
  }

  /** Trains the network of a model on, after these Params have become like the model's. */
  private[ml] def trainedOn(dataset: Dataset[_], model: ColumnClassificationModel[_]): NetModel = {
    checkColumns(dataset.schema)
    checkWeights(dataset.schema)
    FeedColumn.find(dataset.schema, "labelCol", $(labelCol))
    withClasses(dataset.schema)
    checkThresholds(model.numClasses, "the model has")
    checkClassWeights(model.numClasses, "the model has")
    learner(model.trained.vocabularies).continueFit(weighted(dataset), model.trained.asNetModel(uid))
  }
}

private object ColumnClassifier {

  /** A column that no table has: only its absence from the schema is checked. */
  private val Scores = "kiln_scores"

  private val Weight = "kiln_weight"
}
