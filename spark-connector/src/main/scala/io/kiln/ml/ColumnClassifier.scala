package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.job.Objective
import io.kiln.spark.model.OutputColumns
import org.apache.spark.ml.linalg.SQLDataTypes
import org.apache.spark.ml.param.shared.{HasProbabilityCol, HasRawPredictionCol, HasThresholds}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.{lit, when}
import org.apache.spark.sql.types.{DataTypes, NumericType, StructType}

/** The Params of classifiers that read other columns than one of features, and of their models. */
trait ColumnClassifierParams
    extends ColumnParams
    with NetSmoothingParams
    with NetClassWeightParams
    with HasRawPredictionCol
    with HasProbabilityCol
    with HasThresholds {

  private[ml] override def withPredictions(schema: StructType): StructType = {
    val raw = OutputColumns.append(schema, "rawPredictionCol", $(rawPredictionCol), SQLDataTypes.VectorType)
    val prob = OutputColumns.append(raw, "probabilityCol", $(probabilityCol), SQLDataTypes.VectorType)
    OutputColumns.append(prob, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }
}

/** Setters that these classifiers and their models share.
  *
  * @tparam Stage the estimator or model itself, which setters return
  */
trait ColumnClassifierSetters[Stage <: ColumnClassifierSetters[Stage]]
    extends ColumnClassifierParams
    with ColumnSetters[Stage] { self: Stage =>

  /** @group setParam */
  def setRawPredictionCol(value: String): Stage = set(rawPredictionCol, value)

  /** @group setParam */
  def setProbabilityCol(value: String): Stage = set(probabilityCol, value)

  /** @group setParam */
  def setThresholds(value: Array[Double]): Stage = set(thresholds, value)
}

/** What these classifiers share: the number of outputs is that of the classes of the label column.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait ColumnClassifier[Learner <: ColumnClassifier[Learner]]
    extends ColumnClassifierSetters[Learner]
    with ColumnLearner[Learner]
    with NetClassWeightSetters[Learner]
    with ClassCount { self: Learner =>

  /** @group setParam */
  def setLabelSmoothing(value: Double): Learner = set(labelSmoothing, value)

  private[ml] override def lossOfLabels: String = Objective.smoothed("softmaxCrossEntropy", $(labelSmoothing))

  private[ml] override def prepared(net: NetEstimator): NetEstimator =
    if (isDefined(classWeights)) net.setWeightCol(ColumnClassifier.Weight) else net

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

  /** The schema of the model's rows.
    *
    * @param standardized the inputs that are standardised
    */
  private[ml] def checked(schema: StructType, standardized: Seq[String] = Seq.empty): StructType = {
    checkRead(schema)
    checkWeights(schema)
    val known = declaredClasses(schema).orElse(get(thresholds).map(_.length))
    // The weights of an initial model fit to its own number of classes only.
    if (known.isDefined || !isDefined(initialModel)) {
      val classes = known.getOrElse(ClassCount.Two)
      checkThresholds(classes, "the labels have")
      if (known.isDefined) checkClassWeights(classes, "the labels have")
      val rows = if (isDefined(classWeights)) schema.add(ColumnClassifier.Weight, DataTypes.DoubleType) else schema
      fresh(classes, NetIoParams.NoVocabularies, standardized).transformSchema(rows)
    }
    withPredictions(schema)
  }

  /** Trains a new network, with the number of its classes.
    *
    * @param standardized the inputs that are standardised
    */
  private[ml] def trained(dataset: Dataset[_], standardized: Seq[String] = Seq.empty): (NetModel, Int) = {
    checked(dataset.schema, standardized)
    val count = classes(dataset, None)
    checkThresholds(count, "the labels have")
    checkClassWeights(count, "the labels have")
    (trainedAnew(dataset, weighted(dataset), count, standardized), count)
  }

  /** Trains the network of a model on, after these Params have become like the model's.
    *
    * @param standardized the inputs that are standardised
    */
  private[ml] def trainedOn(
      dataset: Dataset[_], model: ColumnClassificationModel[_], standardized: Seq[String] = Seq.empty): NetModel = {
    checkRead(dataset.schema)
    checkWeights(dataset.schema)
    withPredictions(dataset.schema)
    checkThresholds(model.numClasses, "the model has")
    checkClassWeights(model.numClasses, "the model has")
    trainedFurther(weighted(dataset), model, standardized)
  }
}

private object ColumnClassifier {
  private val Weight = "kiln_weight"
}
