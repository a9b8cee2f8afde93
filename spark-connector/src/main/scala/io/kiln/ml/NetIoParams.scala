package io.kiln.ml

import io.kiln.graph.Graph
import io.kiln.data.vision.ImageTransform
import io.kiln.ml.NetIoParams.Vocabularies
import io.kiln.spark.feed.{Conversion, ImageCoding, InputBinding}
import io.kiln.spark.model.{DecodedOutputs, NamedOutputs, NamedRecord, OutputColumns}
import org.apache.spark.ml.param.{DoubleArrayParam, StringArrayParam}
import org.apache.spark.ml.param.shared.{HasInputCols, HasOutputCols}
import org.apache.spark.sql.types.StructType

import scala.jdk.CollectionConverters._

private[ml] object NetIoParams {
  /** Texts by id, for each input. */
  type Vocabularies = java.util.Map[String, java.util.List[String]]

  val NoVocabularies: Vocabularies = java.util.Map.of()
}

/** Which columns feed the inputs of a network, and which of its values become columns. */
trait NetIoParams extends NetTrainingParams with NetSequenceParams with NetImageFitParams with NetDecodingParams with HasInputCols with HasOutputCols {

  /** The input that each column feeds. @group param */
  final val inputNames: StringArrayParam = new StringArrayParam(
    this, "inputNames",
    "the network's input that each of inputCols feeds; several columns of numbers, vectors and arrays may feed one; unset: the inputs in order, or the only one")

  /** @group getParam */
  final def getInputNames: Array[String] = $(inputNames)

  /** How each column is passed to its input. @group param */
  final val inputTypes: StringArrayParam = new StringArrayParam(
    this, "inputTypes",
    "dtype and shape of a row of the input that each of inputCols feeds, such as float32[1,28,28], int32[-1] for sequences of different lengths, or int64; image[3,224,224] for images; index, index(1000), hash(1000) or words index(20000) for texts; unset or empty: as the network declares it, or as the column has it, with whole numbers as int32 or int64")

  /** @group getParam */
  final def getInputTypes: Array[String] = $(inputTypes)

  /** Factors on the inputs. @group param */
  final val inputScales: DoubleArrayParam = new DoubleArrayParam(
    this, "inputScales", "factor on the input of each of inputCols, for float32; unset: inputScale for inputs that are read from bytes",
    (a: Array[Double]) => a.nonEmpty && a.forall(s => s != 0 && !s.isNaN && !s.isInfinite))

  /** @group getParam */
  final def getInputScales: Array[Double] = $(inputScales)

  /** The values that become columns. @group param */
  final val outputNames: StringArrayParam = new StringArrayParam(
    this, "outputNames",
    "the network's values that become columns: names of outputs, nodes or blocks, or softmax(name), sigmoid(name) or argmax(name), or above(name, t, …), 1 where the sigmoid reaches a threshold; unset: all outputs")

  /** @group getParam */
  final def getOutputNames: Array[String] = $(outputNames)

  setDefault(outputCols -> Array.empty[String])

  private[ml] def names(graph: Graph): Seq[String] =
    if (isDefined(outputNames)) $(outputNames).toSeq else graph.outputNames.asScala.toSeq

  private[ml] def columns(graph: Graph): Seq[String] = {
    val all = if ($(outputCols).isEmpty) names(graph) else $(outputCols).toSeq
    require(
      all.length == names(graph).length,
      s"$uid: outputCols: has ${all.length} columns for ${names(graph).length} values ${names(graph).mkString("[", ", ", "]")}; give one for each, or set outputNames")
    all
  }

  private[ml] def withOutputs(schema: StructType, graph: Graph): StructType = {
    val types = decoding(graph, names(graph)).map(_ => Seq(DecodedOutputs.TYPE))
      .getOrElse(NamedOutputs.of(graph, names(graph).asJava).columns.asScala.map(_.`type`).toSeq)
    types.zip(columns(graph)).foldLeft(schema) {
      case (s, (columnType, name)) => OutputColumns.append(s, "outputCols", name, columnType, $(handleInvalid) == "keep")
    }
  }

  /** How columns feed inputs.
    *
    * @param imageTransforms what is done to the images of training rows
    * @param vocabularies the texts of a model, by input
    */
  private[ml] def inputBinding(imageTransforms: Seq[String], vocabularies: Vocabularies): InputBinding = new InputBinding(
    (if (isDefined(inputCols)) $(inputCols).toSeq else Seq.empty).asJava,
    (if (isDefined(inputNames)) $(inputNames).toSeq else Seq.empty).asJava,
    (if (isDefined(inputTypes)) $(inputTypes).toSeq else Seq.empty).asJava,
    if (isDefined(maxLength)) $(maxLength) else 0,
    (if (isDefined(lengthBuckets)) $(lengthBuckets).toSeq else Seq.empty).map(Int.box).asJava,
    new Conversion(
      $(inputScale),
      (if (isDefined(inputScales)) $(inputScales).toSeq else Seq.empty).map(Double.box).asJava,
      ImageCoding.Fit.of($(imageFit)),
      imageTransforms.map(t => NamedRecord.write(NamedRecord.read(classOf[ImageTransform], t))).asJava,
      vocabularies))
}

/** The Params of a network with any inputs and outputs. */
trait NetEstimatorParams extends NetIoParams with NetImageParams {

  /** Inputs that are standardised. @group param */
  final val standardizeInputs: StringArrayParam = new StringArrayParam(
    this, "standardizeInputs",
    "names of inputs of which the network subtracts each feature's mean and divides by its standard deviation; both are computed from the training rows and become part of the network")

  /** @group getParam */
  final def getStandardizeInputs: Array[String] = $(standardizeInputs)

  /** Columns of targets. @group param */
  final val targetCols: StringArrayParam = new StringArrayParam(
    this, "targetCols", "columns of targets: numbers, classes from 0 on, vectors or arrays")

  /** @group getParam */
  final def getTargetCols: Array[String] = $(targetCols)

  /** The output that each target trains. @group param */
  final val targetNames: StringArrayParam = new StringArrayParam(
    this, "targetNames",
    "the network's value that each of targetCols trains: the name of an output, node or block; several numeric columns may train one; unset: the outputs in order")

  /** @group getParam */
  final def getTargetNames: Array[String] = $(targetNames)

  /** The losses. @group param */
  final val losses: StringArrayParam = new StringArrayParam(
    this, "losses", "loss of each trained output, or one for all: a name, or a name and attributes as JSON",
    (a: Array[String]) => a.nonEmpty && a.forall(NamedRecord.checkLoss(_)))

  /** @group getParam */
  final def getLosses: Array[String] = $(losses)

  /** Factors on the losses. @group param */
  final val lossWeights: DoubleArrayParam = new DoubleArrayParam(
    this, "lossWeights", "factor on the loss of each trained output; unset: 1",
    (a: Array[Double]) => a.nonEmpty && a.forall(w => w > 0 && !w.isInfinite))

  /** @group getParam */
  final def getLossWeights: Array[Double] = $(lossWeights)
}
