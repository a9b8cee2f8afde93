package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.spark.feed.{Conversion, FeatureColumns, FeedColumn, ImageCoding, InputBinding}
import io.kiln.spark.model.{MlpNetwork, WideAndDeepNetwork}
import org.apache.spark.ml.linalg.SQLDataTypes
import org.apache.spark.ml.param.{IntParam, Param, ParamValidators, StringArrayParam}
import org.apache.spark.ml.param.shared.HasFeaturesCol
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{BooleanType, ByteType, DataType, IntegerType, LongType, NumericType, ShortType, StringType, StructType}

import scala.jdk.CollectionConverters._

/** The Params of wide and deep models: which columns they read, and how. */
trait WideAndDeepParams
    extends ColumnParams
    with HasFeaturesCol
    with NetStandardizeParams
    with NetEmbeddingParams
    with NetHiddenParams
    with NetDropoutParams {

  /** Columns of numbers. @group param */
  final val numericCols: StringArrayParam = new StringArrayParam(
    this, "numericCols", "columns of numbers; a vector of numbers goes to featuresCol")

  /** @group getParam */
  final def getNumericCols: Array[String] = $(numericCols)

  /** Columns of categories. @group param */
  final val categoricalCols: StringArrayParam = new StringArrayParam(
    this, "categoricalCols",
    "columns of categories: texts, whole numbers or booleans; values that training has not seen have a row of their own in the tables")

  /** @group getParam */
  final def getCategoricalCols: Array[String] = $(categoricalCols)

  /** Crossed columns. @group param */
  final val crossedCols: StringArrayParam = new StringArrayParam(
    this, "crossedCols",
    "combinations of categoricalCols whose values have a weight together in the wide part, such as city:device, as RFormula writes interactions")

  /** @group getParam */
  final def getCrossedCols: Array[String] = $(crossedCols)

  /** Rows of a cross. @group param */
  final val crossBuckets: IntParam = new IntParam(
    this, "crossBuckets", "most rows of the table of a cross: if there are more combinations, some share a row, by a hash",
    ParamValidators.gt(2))

  /** @group getParam */
  final def getCrossBuckets: Int = $(crossBuckets)

  /** Most values of a category. @group param */
  final val maxCategories: IntParam = new IntParam(
    this, "maxCategories",
    "number of values of each of categoricalCols that have rows of their own, the most frequent ones; all others share that of values that training has not seen",
    (n: Int) => n > 0 && n <= WideAndDeepParams.MostCategories)

  /** @group getParam */
  final def getMaxCategories: Int = $(maxCategories)

  setDefault(
    featuresCol -> "",
    numericCols -> Array.empty[String],
    categoricalCols -> Array.empty[String],
    crossedCols -> Array.empty[String],
    crossBuckets -> 10000,
    maxCategories -> 100000,
    standardizeFeatures -> true,
    embeddingSize -> 8,
    hiddenLayers -> Array(64, 32))

  /** The places in categoricalCols of the parts of each cross. */
  private[ml] def crosses: Seq[Seq[Int]] = $(crossedCols).toSeq.map { cross =>
    val parts = cross.split(':').toSeq.map(_.trim)
    val places = parts.map($(categoricalCols).indexOf(_))
    parts.zip(places).find(_._2 < 0).foreach { case (part, _) =>
      throw new IllegalArgumentException(
        s"$uid: crossedCols: \"$cross\" names \"$part\", which is none of categoricalCols ${$(categoricalCols).mkString("[", ", ", "]")}; add it there")
    }
    require(
      places.length > 1 && places.distinct.length == places.length,
      s"$uid: crossedCols: expected different columns with a colon between them, such as city:device, got \"$cross\"")
    places
  }

  /** The inputs of the network.
    *
    * @param vocabularies the texts by input, as far as they have been counted
    */
  private[ml] def networkInputs(vocabularies: NetIoParams.Vocabularies): WideAndDeepNetwork.Inputs =
    new WideAndDeepNetwork.Inputs(
      $(numericCols).nonEmpty,
      $(featuresCol).nonEmpty,
      $(categoricalCols).indices.map { i =>
        Long.box(Option(vocabularies.get(WideAndDeepNetwork.category(i))).map(_.size.toLong).getOrElse(WideAndDeepParams.Reserved))
      }.asJava,
      crosses.map(_.map(Int.box).asJava).asJava,
      $(crossBuckets).toLong)

  private[ml] override def checkColumns(schema: StructType): Unit = {
    require(
      $(numericCols).nonEmpty || $(featuresCol).nonEmpty || $(categoricalCols).nonEmpty,
      s"$uid: no columns to predict from; set numericCols, categoricalCols or featuresCol")
    def check(param: String, names: Seq[String], expected: String)(fits: DataType => Boolean): Unit = {
      require(names.distinct.length == names.length, s"$uid: $param: a column is named twice in ${names.mkString("[", ", ", "]")}")
      names.foreach { name =>
        val kind = FeedColumn.find(schema, param, name).field.dataType
        require(fits(kind), s"$uid: $param: column \"$name\" is of type ${kind.catalogString}; expected $expected")
      }
    }
    check("numericCols", $(numericCols).toSeq, "a number or boolean; give vectors to featuresCol, and texts to categoricalCols") { kind =>
      kind.isInstanceOf[NumericType] || kind == BooleanType
    }
    check("categoricalCols", $(categoricalCols).toSeq, "string, a whole number or boolean; cast indices of StringIndexer to int, or give the column that it reads") {
      kind => kind.isInstanceOf[StringType] || WideAndDeepParams.Whole.contains(kind)
    }
    check("featuresCol", Seq($(featuresCol)).filter(_.nonEmpty), "a vector; give numbers to numericCols")(_ == SQLDataTypes.VectorType)
    crosses
    ()
  }

  private[ml] override def binding(vocabularies: NetIoParams.Vocabularies): InputBinding = {
    val inputs = $(numericCols).toSeq.map((_, WideAndDeepNetwork.NUMBERS, "float32")) ++
      Seq($(featuresCol)).filter(_.nonEmpty).map((_, WideAndDeepNetwork.FEATURES, "float32")) ++
      $(categoricalCols).toSeq.zipWithIndex.map { case (name, i) =>
        (name, WideAndDeepNetwork.category(i), s"index(${$(maxCategories) + WideAndDeepParams.Reserved})")
      }
    new InputBinding(
      inputs.map(_._1).asJava, inputs.map(_._2).asJava, inputs.map(_._3).asJava, 0, java.util.List.of(),
      new Conversion(1, java.util.List.of(), ImageCoding.Fit.CROP, java.util.List.of(), vocabularies))
  }
}

/** What estimators of wide and deep networks share.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait WideAndDeepLearner[Learner <: WideAndDeepLearner[Learner]]
    extends ColumnLearner[Learner]
    with NetStandardizeSetters[Learner]
    with NetEmbeddingSetters[Learner]
    with NetHiddenSetters[Learner]
    with NetDropoutSetters[Learner]
    with WideAndDeepParams { self: Learner =>

  /** @group setParam */
  def setNumericCols(value: Array[String]): Learner = set(numericCols, value)

  /** @group setParam */
  def setCategoricalCols(value: Array[String]): Learner = set(categoricalCols, value)

  /** @group setParam */
  def setCrossedCols(value: Array[String]): Learner = set(crossedCols, value)

  /** @group setParam */
  def setCrossBuckets(value: Int): Learner = set(crossBuckets, value)

  /** @group setParam */
  def setMaxCategories(value: Int): Learner = set(maxCategories, value)

  /** @group setParam */
  def setFeaturesCol(value: String): Learner = set(featuresCol, value)

  private[ml] override def block(outputs: Int, vocabularies: NetIoParams.Vocabularies): Block =
    new WideAndDeepNetwork(new WideAndDeepNetwork.Sizes(
      networkInputs(vocabularies), $(embeddingSize).toLong, $(hiddenLayers).toSeq.map(Int.box).asJava, outputs.toLong, $(dropout)))

  private[ml] override def made: Seq[Param[_]] = Seq(
    numericCols, featuresCol, categoricalCols, crossedCols, crossBuckets, maxCategories, standardizeFeatures, embeddingSize,
    hiddenLayers, dropout)

  /** The inputs that are standardised.
    *
    * @param features whether the vector of features is among them
    */
  private[ml] def standardized(features: Boolean): Seq[String] =
    if (!$(standardizeFeatures)) Seq.empty
    else
      Seq(WideAndDeepNetwork.NUMBERS).filter(_ => $(numericCols).nonEmpty) ++
        Seq(WideAndDeepNetwork.FEATURES).filter(_ => $(featuresCol).nonEmpty && features)

  /** The inputs that are standardised. It makes sparse rows dense: vectors that are wide enough for text or hashed features go without. */
  private[ml] def standardized(dataset: Dataset[_]): Seq[String] = standardized(
    $(featuresCol).isEmpty || isSet(standardizeFeatures) ||
      !FeatureWidth.of(dataset, FeatureColumns.bind(dataset.schema, "featuresCol", java.util.List.of($(featuresCol)))).exists(_ > MlpNetwork.WIDEST_STANDARDIZED))
}

/** What models of wide and deep networks share. */
trait WideAndDeepModel extends WideAndDeepParams with HasTrainedNetwork {
  private[ml] def trained: ColumnModel.Trained

  /** The values of a column of categories that have rows of their own, by row; the first two stand for others.
    *
    * @param column one of categoricalCols
    */
  def vocabulary(column: String): Array[String] = {
    val place = $(categoricalCols).indexOf(column)
    require(
      place >= 0,
      s"$uid: vocabulary: \"$column\" is none of categoricalCols ${$(categoricalCols).mkString("[", ", ", "]")}")
    trained.vocabularies.get(WideAndDeepNetwork.category(place)).asScala.toArray
  }

  /** Whether the network standardises the vector of features. */
  private[ml] def standardizesFeatures: Boolean =
    trainedNetwork.graph.parameters.asScala.exists(_.name == s"${WideAndDeepNetwork.FEATURES}:mean")
}

private object WideAndDeepParams {

  /** Ids of unknown values and of padding. */
  private val Reserved = 2L

  private val MostCategories = 4000000

  private val Whole: Set[DataType] = Set(BooleanType, ByteType, ShortType, IntegerType, LongType)
}
