package io.kiln.ml

import io.kiln.graph.Graph
import io.kiln.spark.job.{FitRequest, HeadsWork, Normalization, Targets, Vocabularies}
import io.kiln.spark.notebook.LiveCurve
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.{DoubleArrayParam, ParamMap, StringArrayParam}
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.StructType

import java.util.Optional
import scala.jdk.CollectionConverters._

/**
 * Trains a network with any number of named inputs and outputs.
 *
 * Columns feed inputs by name: numbers, several of them for one input, vectors, arrays of numbers, binary (uint8), images and
 * texts.
 * Whole numbers stay whole. Arrays of different lengths are padded per batch; an input named `x_length` or `x_mask`
 * without a column gets the lengths or the mask of input `x`. Each target trains one output with a loss of its own.
 *
 * {{{
 * val net = new Functional("user", "item")
 *   .add("u", new Embedding(users, 16), "user")
 *   .add("i", new Embedding(items, 16), "item")
 *   .add("rating", Merge.dot(), "u", "i")
 * val model = new NetEstimator().setNetwork(net).setInputCols(Array("user", "item"))
 *   .setTargetCols(Array("stars")).setLosses(Array("l2")).fit(train)
 * model.setOutputNames(Array("rating", "u")).setOutputCols(Array("predicted", "taste")).transform(test)
 * }}}
 */
class NetEstimator(override val uid: String)
    extends Estimator[NetModel]
    with NetSetters[NetEstimator]
    with NetIoSetters[NetEstimator]
    with NetEstimatorParams
    with DefaultParamsWritable {

  /** The texts of the model that is trained on, by input. */
  private[ml] var vocabularies: NetIoParams.Vocabularies = NetIoParams.NoVocabularies

  /** The inputs whose texts were counted for this fit, before it. */
  private[ml] var countedAnew: java.util.Set[String] = java.util.Set.of()

  /** Whether the targets of the only output, one number each, are standardised. */
  private[ml] var standardizesTarget: Boolean = false

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("netEstimator"))

  /** @group setParam */
  def setTargetCols(value: Array[String]): this.type = set(targetCols, value)

  /** @group setParam */
  def setTargetNames(value: Array[String]): this.type = set(targetNames, value)

  /** @group setParam */
  def setLosses(value: Array[String]): this.type = set(losses, value)

  /** @group setParam */
  def setLossWeights(value: Array[Double]): this.type = set(lossWeights, value)

  /** @group setParam */
  def setImageTransforms(value: Array[String]): this.type = set(imageTransforms, value)

  /** @group setParam */
  def setImageMean(value: Array[Double]): this.type = set(imageMean, value)

  /** @group setParam */
  def setImageDeviation(value: Array[Double]): this.type = set(imageDeviation, value)

  /** @group setParam */
  def setStandardizeInputs(value: Array[String]): this.type = set(standardizeInputs, value)

  private def strings(param: StringArrayParam): java.util.List[String] =
    (if (isDefined(param)) $(param).toSeq else Seq.empty).asJava

  private def numbers(param: DoubleArrayParam): java.util.List[java.lang.Double] =
    (if (isDefined(param)) $(param).toSeq else Seq.empty).map(Double.box).asJava

  private def work: HeadsWork = new HeadsWork(
    learned,
    inputBinding(strings(imageTransforms).asScala.toSeq, vocabularies),
    new Normalization(strings(standardizeInputs), numbers(imageMean), numbers(imageDeviation)),
    new Targets(
      strings(targetCols), strings(targetNames), strings(losses),
      numbers(lossWeights)),
    new HeadsWork.Rows(optional(weightCol), optional(validationIndicatorCol), $(handleInvalid) != "error"),
    countedAnew,
    standardizesTarget)

  private def request: FitRequest = new FitRequest(
    uid,
    work,
    updateSettings.rule(),
    runSettings,
    LiveCurve.beside(epochListener, $(showProgress)),
    paramTexts)

  private def refuseCountingAnew(schema: StructType): Unit =
    if (isDefined(initialModel) && !isDefined(reinitialized)) {
      val counted = work.uncounted(schema).keySet.asScala
      require(
        counted.isEmpty,
        s"$uid: initialModel: the texts of inputs ${counted.mkString(", ")} would be counted anew, and so be other rows of the model's tables; call continueFit, which keeps the texts of a model by input, or name the tables in reinitialized")
    }

  /** The texts by input, of which those that are not known are counted. */
  private[ml] def counted(dataset: Dataset[_]): NetIoParams.Vocabularies = {
    refuseCountingAnew(dataset.schema)
    Vocabularies.of(dataset, request)
  }

  /** The network that would be trained, if the schema determines it. */
  private def checked(schema: StructType): Optional[Graph] = {
    checkCombination()
    refuseCountingAnew(schema)
    request.check(schema)
    work.graph(uid, schema)
  }

  override def transformSchema(schema: StructType): StructType = {
    val graph = forcing.map(f => f.estimator.checked(f.schema(schema))).getOrElse(checked(schema))
    graph.map[StructType](withOutputs(schema, _)).orElse(schema)
  }

  override def fit(dataset: Dataset[_]): NetModel = {
    transformSchema(dataset.schema, logging = true)
    forcing.map(_.fit(dataset)).getOrElse(train(dataset))
  }

  private def forcing: Option[TeacherForcing] = if (isDefined(decoderInput)) Some(TeacherForcing(this)) else None

  private[ml] def train(dataset: Dataset[_]): NetModel = {
    val result = runJob(dataset, request)
    val model = copyValues(new NetModel(uid, result.network).setParent(this))
    model.history = Some(result.summary)
    model.vocabularies = result.vocabularies
    model
  }

  /**
   * Trains a model on, from its weights, on new rows: like `setInitialModel(model)` without a network of its own, and
   * with the model's vocabularies. Params are those of this estimator.
   */
  def continueFit(dataset: Dataset[_], model: NetModel): NetModel = {
    val on = copy(ParamMap.empty).clear(network).clear(reinitialized).setInitialModel(model)
    on.vocabularies = model.vocabularies
    on.fit(dataset)
  }

  override def copy(extra: ParamMap): NetEstimator = {
    val that = defaultCopy[NetEstimator](extra)
    that.epochListener = epochListener
    that.vocabularies = vocabularies
    that.countedAnew = countedAnew
    that.standardizesTarget = standardizesTarget
    that
  }
}

/** Reads saved estimators. */
object NetEstimator extends MLReadable[NetEstimator] {
  override def read: MLReader[NetEstimator] =
    NetModels.estimator(classOf[NetEstimator].getName)(new NetEstimator(_))

  override def load(path: String): NetEstimator = super.load(path)
}
