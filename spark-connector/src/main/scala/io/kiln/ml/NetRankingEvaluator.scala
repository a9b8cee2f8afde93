package io.kiln.ml

import io.kiln.spark.feed.{FeedColumn, InputBinding}
import io.kiln.spark.model.ListScores
import org.apache.spark.ml.evaluation.Evaluator
import org.apache.spark.ml.param.{Param, ParamMap, ParamValidators}
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol}
import org.apache.spark.ml.util.{DefaultParamsReadable, DefaultParamsWritable, Identifiable}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.{col, collect_list, lit, raise_error, struct, when}
import org.apache.spark.sql.types.DataTypes

/**
 * Judges how a prediction orders the rows of each group, by their relevances of at least 0: `ndcg`, of the first k places,
 * or `map`, for which all relevances above 0 are alike. MLlib's `RankingEvaluator` takes rows that are lists already, and
 * knows no grades. Groups without a relevant row do not count, and ties never help.
 *
 * In a `CrossValidator`, set `foldCol`: random folds tear groups apart.
 */
class NetRankingEvaluator(override val uid: String)
    extends Evaluator
    with HasGroupCol
    with HasLabelCol
    with HasPredictionCol
    with DefaultParamsWritable {

  /** Creates an evaluator with a random uid. */
  def this() = this(Identifiable.randomUID("netRankingEvaluator"))

  /** The metric. @group param */
  final val metricName: Param[String] = new TextParam(
    this, "metricName", "ndcg (of the first k places) or map", ParamValidators.inArray(Array("ndcg", "map")))

  /** @group getParam */
  final def getMetricName: String = $(metricName)

  setDefault(metricName -> "ndcg")

  /** @group setParam */
  def setGroupCol(value: String): this.type = set(groupCol, value)

  /** @group setParam */
  def setLabelCol(value: String): this.type = set(labelCol, value)

  /** @group setParam */
  def setPredictionCol(value: String): this.type = set(predictionCol, value)

  /** @group setParam */
  def setMetricName(value: String): this.type = set(metricName, value)

  /** @group setParam */
  def setK(value: Int): this.type = set(k, value)

  override def evaluate(dataset: Dataset[_]): Double = {
    val schema = dataset.schema
    val label = FeedColumn.find(schema, "labelCol", $(labelCol))
    val score = FeedColumn.find(schema, "predictionCol", $(predictionCol))
    Seq("labelCol" -> label, "predictionCol" -> score).foreach { case (param, c) =>
      require(
        InputBinding.isNumber(c),
        s"$uid: $param: column \"${c.name}\" is of type ${c.field.dataType.catalogString}; expected a number")
    }
    val group = FeedColumn.find(schema, "groupCol", $(groupCol))
    val judge = new ListScores($(metricName) == "ndcg", $(k))
    val lists = dataset
      .select(
        when(group.of(dataset).isNotNull, group.of(dataset))
          .otherwise(raise_error(lit(s"$uid: groupCol: a row has no group: column \"${$(groupCol)}\" is null; fill or drop such rows"))
            .cast(group.field.dataType))
          .as("group"),
        score.of(dataset).cast(DataTypes.DoubleType).as("score"),
        label.of(dataset).cast(DataTypes.DoubleType).as("label"))
      .groupBy(col("group"))
      .agg(collect_list(struct(col("score"), col("label"))).as("items"))
      .select(col("items.score"), col("items.label"))
      .rdd
      .map { r =>
        judge.of(r.getSeq[java.lang.Double](0).toArray[java.lang.Double], r.getSeq[java.lang.Double](1).toArray[java.lang.Double]: _*)
      }
      .filter(!_.isNaN)
      .stats()
    if (lists.count == 0) Double.NaN else lists.mean
  }

  override def isLargerBetter: Boolean = true

  override def copy(extra: ParamMap): NetRankingEvaluator = defaultCopy(extra)
}

/** Reads saved evaluators. */
object NetRankingEvaluator extends DefaultParamsReadable[NetRankingEvaluator] {
  override def load(path: String): NetRankingEvaluator = super.load(path)
}
