package io.kiln.ml

import io.kiln.spark.model.NamedRecord
import org.apache.spark.ml.param.{DoubleArrayParam, IntArrayParam, IntParam, Param, ParamValidators, Params, StringArrayParam}

/** How sequences are truncated and padded. */
trait NetSequenceParams extends Params {

  /** Longest sequence. @group param */
  final val maxLength: IntParam = new IntParam(
    this, "maxLength", "number of elements after which sequences are truncated, with a warning; unset: never", ParamValidators.gt(0))

  /** @group getParam */
  final def getMaxLength: Int = $(maxLength)

  /** Lengths of padded sequences. @group param */
  final val lengthBuckets: IntArrayParam = new IntArrayParam(
    this, "lengthBuckets",
    "lengths to which the sequences of a batch are padded, texts with 1 and others with 0: the smallest that fits; unset: 1, 2, 3, 4, 6, 8, 12, 16, 24, …",
    (a: Array[Int]) => a.nonEmpty && a.forall(_ > 0))

  /** @group getParam */
  final def getLengthBuckets: Array[Int] = $(lengthBuckets)
}

/** How images get the size that a network takes. */
trait NetImageFitParams extends Params {

  /** How images get their size. @group param */
  final val imageFit: Param[String] = new TextParam(
    this, "imageFit",
    "how images of other sizes are brought to the network's: crop resizes them until they cover it and crops the middle, stretch changes their proportions",
    ParamValidators.inArray(Array("crop", "stretch")))

  /** @group getParam */
  final def getImageFit: String = $(imageFit)

  setDefault(imageFit -> "crop")
}

/** What is done to images before a network sees them. */
trait NetImageParams extends NetImageFitParams {

  /** Changes of training images. @group param */
  final val imageTransforms: StringArrayParam = new StringArrayParam(
    this, "imageTransforms",
    "changes of training images before they get their size, drawn anew in each epoch: names (flipHorizontally, randomErasing), or names and attributes as JSON, such as {\"padBorder\":{\"pixels\":4}}",
    (a: Array[String]) => a.forall(NamedRecord.checkImageTransform(_)))

  /** @group getParam */
  final def getImageTransforms: Array[String] = $(imageTransforms)

  /** Mean of images. @group param */
  final val imageMean: DoubleArrayParam = new DoubleArrayParam(
    this, "imageMean",
    "mean of each channel of images after inputScale, which the network subtracts first; unset: it does not",
    (a: Array[Double]) => a.nonEmpty && a.forall(m => !m.isNaN && !m.isInfinite))

  /** @group getParam */
  final def getImageMean: Array[Double] = $(imageMean)

  /** Deviation of images. @group param */
  final val imageDeviation: DoubleArrayParam = new DoubleArrayParam(
    this, "imageDeviation", "standard deviation of each channel of images, by which the network divides them, with imageMean",
    (a: Array[Double]) => a.nonEmpty && a.forall(d => d > 0 && !d.isInfinite))

  /** @group getParam */
  final def getImageDeviation: Array[Double] = $(imageDeviation)
}

/** Setters of sequences.
  *
  * @tparam Stage the estimator or model itself, which setters return
  */
trait NetSequenceSetters[Stage <: NetSequenceSetters[Stage]] extends NetSequenceParams { self: Stage =>

  /** @group setParam */
  def setMaxLength(value: Int): Stage = set(maxLength, value)

  /** @group setParam */
  def setLengthBuckets(value: Array[Int]): Stage = set(lengthBuckets, value)
}
