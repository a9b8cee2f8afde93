package io.kiln.ml

import io.kiln.spark.job.Objective
import org.apache.spark.ml.classification.ProbabilisticClassifier
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataType, StructType}

/**
 * A multilayer perceptron that predicts classes: a [[NetClassifier]] whose network follows from the rows, with a linear
 * part beside the hidden layers. Features are standardised inside the network, unless they are more than 1,024.
 *
 * {{{
 * val model = new MlpClassifier().setHiddenLayers(Array(128, 64)).fit(train)
 * }}}
 */
class MlpClassifier(override val uid: String)
    extends ProbabilisticClassifier[Vector, MlpClassifier, NetClassificationModel]
    with NetFeatureSetters[MlpClassifier]
    with NetClassifierSetters[MlpClassifier]
    with NetFeaturesColsSetters[MlpClassifier]
    with MlpSetters[MlpClassifier]
    with ClassCount
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("mlpClassifier"))

  setDefault(loss -> "softmaxCrossEntropy")

  private def learner(classes: Int): NetClassifier = {
    val built = mlp(classes, if (Objective.classifier($(loss)).scores) classes else 1)
    val that = copyValues(new NetClassifier(uid))
    that.set(that.network, built)
    that.epochListener = epochListener
    that
  }

  private[ml] override def declaredClasses(schema: StructType): Option[Int] =
    if (isDefined(layers)) Some($(layers).last) else super.declaredClasses(schema)

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType =
    learner(declaredClasses(schema).getOrElse(ClassCount.Two)).transformSchema(schema)

  override def fit(dataset: Dataset[_]): NetClassificationModel = {
    transformSchema(dataset.schema, logging = true)
    learner(classes(dataset, get(ignoredLabel))).setStandardizeFeatures(standardizes(dataset)).fit(dataset).setParent(this)
  }

  override protected def train(dataset: Dataset[_]): NetClassificationModel = fit(dataset)

  override def copy(extra: ParamMap): MlpClassifier = {
    val that = defaultCopy[MlpClassifier](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object MlpClassifier extends MLReadable[MlpClassifier] {
  override def read: MLReader[MlpClassifier] =
    NetModels.estimator(classOf[MlpClassifier].getName)(new MlpClassifier(_))

  override def load(path: String): MlpClassifier = super.load(path)
}
