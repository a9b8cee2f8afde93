package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.job.Objective
import org.apache.spark.ml.attribute.{Attribute, NominalAttribute}
import org.apache.spark.ml.classification.ProbabilisticClassifier
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.max
import org.apache.spark.sql.types.{DataType, NumericType, StructType}

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
    with MlpSetters[MlpClassifier]
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

  private def declaredClasses(schema: StructType): Option[Int] = {
    val label = FeedColumn.find(schema, "labelCol", $(labelCol)).field
    if (isDefined(layers)) Some($(layers).last)
    else if (!label.dataType.isInstanceOf[NumericType]) Some(MlpClassifier.Two)
    else
      Attribute.fromStructField(label) match {
        case a: NominalAttribute => a.getNumValues.map(math.max(_, MlpClassifier.Two))
        case _ => None
      }
  }

  private def classes(dataset: Dataset[_]): Int = declaredClasses(dataset.schema).getOrElse {
    val label = FeedColumn.find(dataset.schema, "labelCol", $(labelCol)).of(dataset).cast("double")
    val counted = if (isDefined(ignoredLabel)) dataset.toDF().where(label =!= $(ignoredLabel).toDouble) else dataset.toDF()
    val row = counted.agg(max(label)).head()
    val most = if (row.isNullAt(0)) 1.0 else row.getDouble(0)
    require(
      most >= 0 && most == math.rint(most) && most < MlpClassifier.Most,
      s"$uid: column \"${$(labelCol)}\" has a label of $most; labels are 0, 1, … to ${MlpClassifier.Most - 1}, index them with StringIndexer")
    math.max(most.toInt + 1, MlpClassifier.Two)
  }

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType =
    learner(declaredClasses(schema).getOrElse(MlpClassifier.Two)).transformSchema(schema)

  override def fit(dataset: Dataset[_]): NetClassificationModel = {
    transformSchema(dataset.schema, logging = true)
    learner(classes(dataset)).setStandardizeFeatures(standardizes(dataset)).fit(dataset).setParent(this)
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
  private val Two = 2
  private val Most = 100000

  override def read: MLReader[MlpClassifier] =
    NetModels.estimator(classOf[MlpClassifier].getName)(new MlpClassifier(_))

  override def load(path: String): MlpClassifier = super.load(path)
}
