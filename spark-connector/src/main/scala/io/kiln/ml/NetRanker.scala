package io.kiln.ml

import io.kiln.metric.Ndcg
import io.kiln.spark.feed.{FeatureType, FeedColumn, FeedColumns}
import io.kiln.spark.job.{FitRequest, RankWork}
import io.kiln.spark.model.OutputColumns
import io.kiln.spark.notebook.LiveCurve
import org.apache.spark.ml.Predictor
import org.apache.spark.ml.functions.vector_to_array
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader, MLWriter}
import org.apache.spark.sql.{Column, DataFrame, Dataset}
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types.{ArrayType, DataType, DataTypes, StructType}

/**
 * Trains a network that scores rows such that sorting by the score ranks the rows of a group: the documents of a query, the
 * offers of a search. The network has one output per row. Labels are relevances of at least 0; the loss compares the rows
 * of a group with one another.
 *
 * Rows of a group stay together: a batch has `batchSize` groups, padded to the longest. Weights are those of groups.
 *
 * {{{
 * val model = new NetRanker().setNetwork(network).setGroupCol("query").setLabelCol("relevance").fit(train)
 * new NetRankingEvaluator().setGroupCol("query").setLabelCol("relevance").setK(10).evaluate(model.transform(test))
 * }}}
 */
class NetRanker(override val uid: String)
    extends Predictor[Vector, NetRanker, NetRankerModel]
    with NetFeatureSetters[NetRanker]
    with NetRankerSetters[NetRanker]
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("netRanker"))

  setDefault(loss -> "lambdaRank", standardizeFeatures -> true)

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType = {
    checkCombination()
    require($(mixup) == 0, s"$uid: mixup: rows of a ranker are lists, whose items cannot be mixed, got ${$(mixup)}; set it to 0")
    val columns = bind(schema)
    FeedColumn.find(schema, "groupCol", $(groupCol))
    val width = columns.features.declaredWidth
    request(if (width.isPresent) width.get else 0).check(schema)
    OutputColumns.append(schema, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }

  private def bind(schema: StructType): FeedColumns = {
    val columns =
      FeedColumns.bind(schema, features(schema), $(labelCol), optional(weightCol), optional(validationIndicatorCol))
    require(
      !columns.features.isBytes,
      s"$uid: column \"${$(featuresCol)}\" is binary; a ranker takes vectors, numbers or arrays of these")
    columns
  }

  private def request(width: Int): FitRequest = new FitRequest(
    uid,
    new RankWork(
      new RankWork.Lists(
        width,
        if (isDefined(maxListLength)) $(maxListLength) else 0,
        if (optional(weightCol).isEmpty) "" else NetRanker.Weight,
        if (optional(validationIndicatorCol).isEmpty) "" else NetRanker.Validation),
      new RankWork.Model(
        learned, if (isDefined(inputShape)) $(inputShape) else Array.empty[Int], $(inputScale), $(loss), $(k),
        $(standardizeFeatures))),
    updateSettings.rule(),
    runSettings,
    LiveCurve.beside(epochListener, $(showProgress)),
    paramTexts)

  override def fit(dataset: Dataset[_]): NetRankerModel = {
    transformSchema(dataset.schema, logging = true)
    copyValues(train(dataset).setParent(this))
  }

  override protected def train(dataset: Dataset[_]): NetRankerModel = {
    val rows = items(dataset)
    val declared = bind(dataset.schema).features.declaredWidth
    val width =
      if (declared.isPresent) declared.get.intValue
      else
        rows.where(col(NetRanker.Features).isNotNull).select(size(col(NetRanker.Features))).head(1).headOption.map(_.getInt(0))
          .getOrElse(throw new IllegalArgumentException(
            s"$uid: the DataFrame has no training rows: column \"${$(featuresCol)}\" is empty"))
    val result = runJob(lists(rows), request(width))
    val model = new NetRankerModel(uid, result.network)
    model.history = Some(result.summary)
    model
  }

  private def column(dataset: Dataset[_], param: String, name: String): Column =
    FeedColumn.find(dataset.schema, param, name).of(dataset)

  /** The columns that a fit reads, features as arrays, without invalid rows if these are skipped. */
  private def items(dataset: Dataset[_]): DataFrame = {
    val values = column(dataset, "featuresCol", $(featuresCol))
    val arrays = bind(dataset.schema).features.`type` match {
      case FeatureType.VECTOR => when(values.isNotNull, vector_to_array(values, "float32"))
      case FeatureType.NUMBER => array(values.cast(DataTypes.FloatType))
      case _ => values.cast(ArrayType(DataTypes.FloatType))
    }
    val weight = optional(weightCol)
    val validation = optional(validationIndicatorCol)
    val rows = dataset.select(
      column(dataset, "groupCol", $(groupCol)).as(NetRanker.Group),
      column(dataset, "labelCol", $(labelCol)).cast(DataTypes.FloatType).as(NetRanker.Label),
      arrays.as(NetRanker.Features),
      (if (weight.isEmpty) lit(1.0) else column(dataset, "weightCol", weight).cast(DataTypes.DoubleType)).as(NetRanker.Weight),
      (if (validation.isEmpty) lit(false) else column(dataset, "validationIndicatorCol", validation)).as(NetRanker.Validation))
    def finite(c: Column): Column = c.isNotNull && !isnan(c) && abs(c) < Double.PositiveInfinity
    val valid = col(NetRanker.Group).isNotNull && finite(col(NetRanker.Label)) && finite(col(NetRanker.Weight)) &&
      col(NetRanker.Validation).isNotNull && col(NetRanker.Features).isNotNull &&
      forall(col(NetRanker.Features), finite)
    val sound =
      if ($(handleInvalid) == "error")
        rows.where(NetRanker.orFail(
          valid,
          concat(
            lit(s"$uid: a row of group "), group,
            lit(" has null, NaN or an infinite value in features, label, group or another column; set handleInvalid to skip"))))
      else rows.where(valid)
    sound.where(NetRanker.orFail(
      col(NetRanker.Label) >= 0,
      concat(
        lit(s"$uid: labelCol: a row of group "), group, lit(" has relevance "), col(NetRanker.Label),
        lit("; relevances are at least 0"))))
      .where(NetRanker.orFail(
        lit(!graded) || col(NetRanker.Label) <= Ndcg.MOST,
        concat(
          lit(s"$uid: labelCol: a row of group "), group, lit(" has relevance "), col(NetRanker.Label),
          lit(s"; gains of 2^relevance are counted up to ${Ndcg.MOST}, use grades such as 0 to 4"))))
  }

  /** Whether relevances are exponents. */
  private def graded: Boolean =
    RankWork.isGraded($(loss)) || optional(validationIndicatorCol).nonEmpty && $(validationMetric) != "map"

  private def group: Column = coalesce(col(NetRanker.Group).cast(DataTypes.StringType), lit("null"))

  /** A row for each group. Groups, and the items of each, are in an order that neither labels nor the network decide. */
  private def lists(rows: DataFrame): DataFrame = {
    val item = struct(
      xxhash64(col(NetRanker.Features)).as("order"),
      col(NetRanker.Features).as("features"),
      col(NetRanker.Label).as("label"))
    rows.groupBy(col(NetRanker.Group))
      .agg(
        sort_array(collect_list(item)).as("items"),
        min(col(NetRanker.Weight)).as("lightest"),
        max(col(NetRanker.Weight)).as(NetRanker.Weight),
        min(col(NetRanker.Validation)).as("least"),
        max(col(NetRanker.Validation)).as(NetRanker.Validation))
      .where(NetRanker.orFail(
        col("lightest") === col(NetRanker.Weight) && col("least") === col(NetRanker.Validation),
        concat(
          lit(s"$uid: group "), group,
          lit(" has rows with different values in weightCol or validationIndicatorCol; give all rows of a group the same"))))
      .sortWithinPartitions(xxhash64(col(NetRanker.Group)), group)
      .select(
        col("items.features").as(RankWork.ITEMS),
        col("items.label").as(RankWork.RELEVANCES),
        col(NetRanker.Weight),
        col(NetRanker.Validation))
  }

  override def write: MLWriter = {
    traceNetwork(get(network))
    super.write
  }

  /**
   * Trains a model on, from its weights, on new rows: a short form for `setInitialModel(model)` without a network of its
   * own. Params are those of this estimator, and the model's network keeps its standardisation.
   */
  def continueFit(dataset: Dataset[_], model: NetRankerModel): NetRankerModel =
    copy(ParamMap.empty).clear(network).clear(reinitialized).setInitialModel(model).fit(dataset)

  override def copy(extra: ParamMap): NetRanker = {
    val that = defaultCopy[NetRanker](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object NetRanker extends MLReadable[NetRanker] {
  private val Group = "kiln_group"
  private val Label = "kiln_label"
  private val Features = "kiln_features"
  private val Weight = "kiln_weight"
  private val Validation = "kiln_validation"

  private def orFail(condition: Column, message: Column): Column =
    when(condition, lit(true)).otherwise(raise_error(message).cast(DataTypes.BooleanType))

  override def read: MLReader[NetRanker] = NetModels.estimator(classOf[NetRanker].getName)(new NetRanker(_))

  override def load(path: String): NetRanker = super.load(path)
}
