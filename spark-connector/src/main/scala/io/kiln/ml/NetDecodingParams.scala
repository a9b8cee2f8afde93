package io.kiln.ml

import io.kiln.graph.Graph
import io.kiln.ndarray.Shape
import io.kiln.spark.model.{DecodedOutputs, OutputNames}
import org.apache.spark.ml.param.{IntParam, Param, ParamValidators, Params}

import scala.jdk.CollectionConverters._

/** How a network generates sequences of tokens, one after the other. */
trait NetDecodingParams extends Params {

  /** The input that takes the tokens so far. @group param */
  final val decoderInput: Param[String] = new TextParam(
    this, "decoderInput",
    "the network's input that takes the tokens before each token of the target: in training the target itself, after startToken (teacher forcing); in transform what the network has generated; no column feeds it")

  /** @group getParam */
  final def getDecoderInput: String = $(decoderInput)

  /** The token before each sequence. @group param */
  final val startToken: IntParam = new IntParam(
    this, "startToken", "with decoderInput, the token before each sequence", ParamValidators.gtEq(0))

  /** @group getParam */
  final def getStartToken: Int = $(startToken)

  /** The token that ends a sequence. @group param */
  final val endToken: IntParam = new IntParam(
    this, "endToken", "with decoderInput, the token that ends a sequence; training puts it after each target", ParamValidators.gtEq(0))

  /** @group getParam */
  final def getEndToken: Int = $(endToken)

  /** The longest sequence. @group param */
  final val maxDecodedLength: IntParam = new IntParam(
    this, "maxDecodedLength", "with decoderInput, the most tokens that transform generates for a row; no more than the input takes", ParamValidators.gt(0))

  /** @group getParam */
  final def getMaxDecodedLength: Int = $(maxDecodedLength)

  /** The number of sequences that are followed. @group param */
  final val beamWidth: IntParam = new IntParam(
    this, "beamWidth",
    "with decoderInput, how many sequences transform follows for each row; 1: the likeliest token at each step (greedy search)",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getBeamWidth: Int = $(beamWidth)

  setDefault(maxDecodedLength -> 64, beamWidth -> 1)

  private[ml] def checkTokens(): Unit = {
    val missing = Seq(startToken, endToken).filterNot(isDefined(_)).map(_.name)
    require(missing.isEmpty, s"$uid: decoderInput is set, but not ${missing.mkString(" and ")}; set the tokens before and after each sequence")
  }

  /** What is generated; none if the values need no generated input. */
  private[ml] def decoding(graph: Graph, values: Seq[String]): Option[DecodedOutputs] =
    if (!isDefined(decoderInput)) None else decoding(graph, OutputNames.part(graph, values.asJava), values)

  private def decoding(graph: Graph, part: Graph, values: Seq[String]): Option[DecodedOutputs] =
    if (part.inputs.asScala.exists(_.name == $(decoderInput))) {
      checkTokens()
      require(
        values.length == 1,
        s"$uid: outputNames: ${values.mkString("[", ", ", "]")} need what is generated in decoderInput; name one of them, the scores of tokens")
      Some(new DecodedOutputs(
        values.head, $(decoderInput), $(startToken), $(endToken), width(graph), longest(width(graph)), $(beamWidth)).check(part))
    } else {
      None
    }

  private def width(graph: Graph): Long = {
    val tokens = graph.inputs.asScala.find(_.name == $(decoderInput)).get.spec
    require(
      tokens.shape.rank == 2,
      s"""$uid: decoderInput: input "${$(decoderInput)}" is $tokens; expected sequences of tokens, such as int32[-1,-1]""")
    tokens.shape.dim(1)
  }

  private def longest(width: Long): Int = {
    require(
      width == Shape.UNKNOWN || !isSet(maxDecodedLength) || $(maxDecodedLength) <= width,
      s"""$uid: maxDecodedLength: is ${$(maxDecodedLength)}, but input "${$(decoderInput)}" has a length of $width, the padding of training; lower it, or train with a larger lengthBuckets""")
    if (width == Shape.UNKNOWN) $(maxDecodedLength) else math.min($(maxDecodedLength).toLong, width).toInt
  }
}

/** Setters of what generates sequences.
  *
  * @tparam Stage the estimator or model itself, which setters return
  */
trait NetDecodingSetters[Stage <: NetDecodingSetters[Stage]] extends NetDecodingParams { self: Stage =>

  /** @group setParam */
  def setDecoderInput(value: String): Stage = set(decoderInput, value)

  /** @group setParam */
  def setStartToken(value: Int): Stage = set(startToken, value)

  /** @group setParam */
  def setEndToken(value: Int): Stage = set(endToken, value)

  /** @group setParam */
  def setMaxDecodedLength(value: Int): Stage = set(maxDecodedLength, value)

  /** @group setParam */
  def setBeamWidth(value: Int): Stage = set(beamWidth, value)
}
