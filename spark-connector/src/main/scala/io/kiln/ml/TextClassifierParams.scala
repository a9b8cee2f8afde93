package io.kiln.ml

import io.kiln.spark.feed.{Conversion, FeedColumn, ImageCoding, InputBinding}
import io.kiln.spark.model.TextNetwork
import org.apache.spark.ml.param.{BooleanParam, IntParam, Param, ParamValidators}
import org.apache.spark.sql.types.{ArrayType, StringType, StructType}

import scala.jdk.CollectionConverters._

/** The Params of text classifiers and their models. */
trait TextClassifierParams extends ColumnClassifierParams with NetSequenceParams with NetEmbeddingParams with NetDropoutParams {

  /** The column of texts. @group param */
  final val textCol: Param[String] = new TextParam(this, "textCol", "column of texts, or of arrays of texts")

  /** @group getParam */
  final def getTextCol: String = $(textCol)

  /** What makes one vector of a text. @group param */
  final val encoder: Param[String] = new TextParam(
    this, "encoder",
    "what makes one vector of the vectors of a text's tokens: mean (and maximum), cnn, lstm (in both directions) or transformer (which pads all texts to maxLength)",
    ParamValidators.inArray(TextNetwork.Encoder.values.map(_.param)))

  /** @group getParam */
  final def getEncoder: String = $(encoder)

  /** What a token is. @group param */
  final val tokens: Param[String] = new TextParam(
    this, "tokens",
    "what texts are split into: words (and signs, in lower case), whitespace (what is between white space) or characters",
    ParamValidators.inArray(Array("words", "whitespace", "characters")))

  /** @group getParam */
  final def getTokens: String = $(tokens)

  /** Number of ids. @group param */
  final val vocabularySize: IntParam = new IntParam(
    this, "vocabularySize",
    "number of different tokens that the network tells apart, the two for unknown tokens and padding included",
    ParamValidators.gt(2))

  /** @group getParam */
  final def getVocabularySize: Int = $(vocabularySize)

  /** Whether ids are hashes. @group param */
  final val hashed: BooleanParam = new BooleanParam(
    this, "hashed",
    "whether the ids of tokens are hashes, so that none are counted before training and later fits can go on with other rows; otherwise the most frequent tokens of the training rows have one each")

  /** @group getParam */
  final def getHashed: Boolean = $(hashed)

  setDefault(
    textCol -> "text",
    encoder -> "mean",
    tokens -> "words",
    vocabularySize -> 20000,
    hashed -> false,
    embeddingSize -> TextNetwork.WIDTH,
    maxLength -> 512)

  private[ml] override def checkColumns(schema: StructType): Unit = {
    val kind = FeedColumn.find(schema, "textCol", $(textCol)).field.dataType
    val element = kind match {
      case a: ArrayType => a.elementType
      case other => other
    }
    require(
      element.isInstanceOf[StringType],
      s"$uid: textCol: column \"${$(textCol)}\" is of type ${kind.catalogString}; expected string, or an array of strings")
  }

  /** The lengths to which batches are padded; a transformer needs to know one. */
  private def buckets: Seq[Int] = {
    val wanted = if (isDefined(lengthBuckets)) $(lengthBuckets).toSeq else Seq.empty
    if ($(encoder) != TextNetwork.Encoder.TRANSFORMER.param) wanted
    else {
      require(
        wanted.length < 2,
        s"$uid: lengthBuckets: encoder transformer takes texts of one length, got ${wanted.mkString("[", ", ", "]")}; set one, or unset lengthBuckets for maxLength")
      require(
        wanted.forall(_ <= $(maxLength)),
        s"$uid: lengthBuckets: encoder transformer has positions up to maxLength ${$(maxLength)}, got ${wanted.mkString}; set maxLength to it, or unset lengthBuckets")
      if (wanted.isEmpty) Seq($(maxLength)) else wanted
    }
  }

  private[ml] override def binding(vocabularies: NetIoParams.Vocabularies): InputBinding = new InputBinding(
    Seq($(textCol)).asJava,
    Seq(TextNetwork.INPUT).asJava,
    Seq(s"${$(tokens)} ${if ($(hashed)) "hash" else "index"}(${$(vocabularySize)})").asJava,
    $(maxLength),
    buckets.map(Int.box).asJava,
    new Conversion(
      1, java.util.List.of(), ImageCoding.Fit.CROP, java.util.List.of(), vocabularies))
}
