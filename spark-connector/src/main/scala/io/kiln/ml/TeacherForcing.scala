package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import org.apache.spark.ml.param.{Param, ParamMap}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.{array, concat, lit}
import org.apache.spark.sql.types._

import scala.jdk.CollectionConverters._

/**
 * Training of a network that generates sequences: the input of the tokens so far is the target after the start token, what is
 * learned is the target before the end token, so that each token is predicted from those before it. R. J. Williams and
 * D. Zipser, Neural Computation 1989.
 *
 * @param of an estimator with decoderInput
 */
private[ml] case class TeacherForcing(of: NetEstimator) {
  of.checkTokens()
  private val uid = of.uid
  private val input = of.getDecoderInput
  private val targets: Array[String] = of.get(of.targetCols).getOrElse(Array.empty[String])
  require(
    targets.length == 1,
    s"$uid: decoderInput: generated sequences have one column of targets; targetCols is ${targets.mkString("[", ", ", "]")}")
  private val target = targets.head
  private val shifted = s"$target after startToken"
  private val ended = s"$target before endToken"

  private val fed = of.learned.inputs.fed.asScala.toSeq
  require(
    fed.contains(input),
    s"""$uid: decoderInput: the network has no input "$input"; its inputs are ${fed.mkString("[", ", ", "]")}""")

  private val columns: Array[String] = of.get(of.inputCols).getOrElse(Array.empty[String])
  private val names: Array[String] = of.get(of.inputNames).getOrElse {
    val others = fed.filter(_ != input).toArray
    if (others.length == 1) columns.map(_ => others.head) else others
  }
  require(
    !names.contains(input),
    s"""$uid: decoderInput: input "$input" takes the tokens of targetCols, but inputNames gives it a column; leave the column out""")
  require(
    names.length == columns.length,
    s"$uid: inputNames: the network has inputs ${names.mkString("[", ", ", "]")} besides decoderInput, inputCols has ${columns.length} columns ${columns.mkString("[", ", ", "]")}; say with inputNames which column feeds which input")

  /** The estimator of the shifted columns. */
  val estimator: NetEstimator = {
    val that = of.copy(ParamMap.empty)
    that.clear(that.decoderInput)
    that.set(that.inputCols, columns :+ shifted).set(that.inputNames, names :+ input).set(that.targetCols, Array(ended))
    that.set(that.inputTypes, of.get(of.inputTypes).getOrElse(columns.map(_ => "")) :+ "int32[-1]")
    of.get(of.inputScales).foreach(s => that.set(that.inputScales, s :+ 1.0))
    that
  }

  private def tokens(schema: StructType): FeedColumn = {
    val found = FeedColumn.find(schema, "targetCols", target)
    found.field.dataType match {
      case ArrayType(ByteType | ShortType | IntegerType | LongType, _) => found
      case other =>
        throw new IllegalArgumentException(
          s"""$uid: targetCols: column "$target" is of type ${other.catalogString}; with decoderInput expected an array of whole numbers, the tokens""")
    }
  }

  /** The schema with the shifted columns. */
  def schema(schema: StructType): StructType = {
    tokens(schema)
    val shiftedType = ArrayType(IntegerType)
    schema.add(shifted, shiftedType).add(ended, shiftedType)
  }

  /** Trains on the shifted columns; the model reads the columns of the original estimator. */
  def fit(dataset: Dataset[_]): NetModel = {
    val ids = tokens(dataset.schema).of(dataset).cast(ArrayType(IntegerType))
    val model = estimator.train(
      dataset
        .withColumn(shifted, concat(array(lit(of.getStartToken)), ids))
        .withColumn(ended, concat(ids, array(lit(of.getEndToken)))))
    def restore[T](param: Param[T]): Unit =
      if (of.isSet(param)) model.set(param.asInstanceOf[Param[Any]], of.getOrDefault(param)) else model.clear(param)
    Seq[Param[_]](of.inputCols, of.inputTypes, of.inputScales, of.targetCols, of.decoderInput).foreach(restore(_))
    model.set(model.inputNames, names).setParent(of)
  }
}
