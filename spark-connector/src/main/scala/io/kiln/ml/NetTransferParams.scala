package io.kiln.ml

import io.kiln.spark.model.{InitialModel, Network, TrainedNetwork, TransferLearning}
import org.apache.spark.ml.param.{Param, Params, StringArrayParam}
import org.apache.spark.sql.SparkSession

import scala.jdk.CollectionConverters._

/** What a training takes over from an earlier one. */
trait NetTransferParams extends Params {

  private var loaded: Option[(AnyRef, InitialModel)] = None

  /** The network to train. @group param */
  final val network: NetworkParam = new NetworkParam(
    this, "network",
    "the network: a Block, or layers or a graph as JSON; setNetwork accepts all of these; unset: that of initialModel")

  /** @group getParam */
  final def getNetwork: Network = $(network) match {
    case given: Network => given
    case json => Network.fromJson(json.toString)
  }

  /** The weights to begin with. @group param */
  final val initialModel: InitialModelParam = new InitialModelParam(
    this, "initialModel",
    "the weights that training begins with, by the names of parameters: a model, the path of a saved one, or of a safetensors file; unset: those of the network")

  /** @group getParam */
  final def getInitialModel: AnyRef = $(initialModel)

  /** Parameters that are drawn anew. @group param */
  final val reinitialized: StringArrayParam = new StringArrayParam(
    this, "reinitialized",
    "patterns such as head.* for names of parameters that do not come from initialModel; a parameter that it lacks, or has in another shape, is an error unless it is named here")

  /** @group getParam */
  final def getReinitialized: Array[String] = $(reinitialized)

  /** The only parameters that are trained. @group param */
  final val trainable: StringArrayParam = new StringArrayParam(
    this, "trainable", "patterns for names of the only parameters that are trained; unset: all that are not frozen")

  /** @group getParam */
  final def getTrainable: Array[String] = $(trainable)

  /** Parameters that are not trained. @group param */
  final val frozen: StringArrayParam = new StringArrayParam(
    this, "frozen",
    "patterns such as backbone.* for names of parameters that keep their values; workers do not exchange their gradients, and the optimizer keeps no states for them")

  /** @group getParam */
  final def getFrozen: Array[String] = $(frozen)

  /** Factors on the learning rate. @group param */
  final val learningRateFactors: StringArrayParam = new StringArrayParam(
    this, "learningRateFactors",
    "factors on the learning rate by patterns for names of parameters, such as backbone.*=0.1; the first pattern that matches counts",
    (a: Array[String]) => a.forall(TransferLearning.checkFactor(_)))

  /** @group getParam */
  final def getLearningRateFactors: Array[String] = $(learningRateFactors)

  private def texts(param: StringArrayParam): java.util.List[String] =
    (if (isDefined(param)) $(param).toSeq else Seq.empty).asJava

  /** The model to begin with, which is read once for a training. */
  private def initial: Option[InitialModel] =
    if (!isDefined(initialModel)) None
    else {
      val value = $(initialModel)
      if (!loaded.exists(_._1 == value)) {
        loaded = Some(value -> (value match {
          case trained: TrainedNetwork => InitialModel.of(trained)
          case path =>
            InitialModel.read(path.toString, SparkSession.active.sparkContext.hadoopConfiguration)
        }))
      }
      loaded.map(_._2)
    }

  /** Takes over the values of Params that decide the form of a network, which training a model on does not change.
    *
    * @param model the model
    * @param made these Params
    * @throws IllegalArgumentException if one is set to another value here
    */
  private[ml] def madeLike(model: Params, made: Seq[Param[_]]): this.type = {
    def text(of: Params, p: Param[Any]): String = if (of.isDefined(p)) p.jsonEncode(of.getOrDefault(p)) else "unset"
    made.map(_.asInstanceOf[Param[Any]]).foreach { p =>
      val (here, there) = (text(this, p), text(model, model.getParam(p.name).asInstanceOf[Param[Any]]))
      require(
        !isSet(p) || here == there,
        s"$uid: continueFit: ${p.name} is $here here, but the model was made with $there; a network that is trained on keeps its form: clear ${p.name}, or fit a new model")
      if (model.isDefined(model.getParam(p.name))) set(p, model.getOrDefault(model.getParam(p.name)).asInstanceOf[Any])
      else clear(p)
    }
    this
  }

  /** The network that is trained on, if it is that of a model. */
  private[ml] def continued: Option[TrainedNetwork] =
    if (isDefined(network)) None else initial.flatMap(m => Option(m.network.orElse(null)))

  /** Forgets the model that was read: by the next training it may have been written anew. */
  private[ml] def forgetInitialModel(): Unit = loaded = None

  /** The network with the weights that training begins with. */
  private[ml] def learned(inputScale: Double): Network = {
    val from = initial
    val base =
      if (isDefined(network)) getNetwork
      else {
        val whole = from.flatMap(m => Option(m.network.orElse(null)))
        require(
          whole.isDefined,
          s"$uid: no network to train; call setNetwork${from.map(m => s"; ${m.source} has weights only").getOrElse(", or set initialModel to a model")}")
        require(
          whole.get.inputScale == inputScale,
          s"$uid: initialModel was trained with inputScale ${whole.get.inputScale}, here it is $inputScale; set inputScale to the former")
        Network.of(whole.get)
      }
    base.`with`(new TransferLearning(
      from.orNull, texts(reinitialized), texts(trainable), texts(frozen), texts(learningRateFactors)))
  }
}

/** Setters of what a training takes over.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait NetTransferSetters[Learner <: NetTransferSetters[Learner]] extends NetTransferParams { self: Learner =>

  /** Begins with the weights of a model. @group setParam */
  def setInitialModel(value: HasTrainedNetwork): Learner = set(initialModel, value.trainedNetwork)

  /** Begins with the weights of a saved model, or of a safetensors file. @group setParam */
  def setInitialModel(path: String): Learner = set(initialModel, path)

  /** @group setParam */
  def setReinitialized(value: Array[String]): Learner = set(reinitialized, value)

  /** @group setParam */
  def setTrainable(value: Array[String]): Learner = set(trainable, value)

  /** @group setParam */
  def setFrozen(value: Array[String]): Learner = set(frozen, value)

  /** @group setParam */
  def setLearningRateFactors(value: Array[String]): Learner = set(learningRateFactors, value)
}
