package io.kiln.ml

import io.kiln.spark.feed.FeatureColumns
import org.apache.spark.ml.param.{IntParam, Param, ParamValidators, Params}
import org.apache.spark.ml.param.shared.{HasFeaturesCol, HasLabelCol, HasPredictionCol}
import org.apache.spark.sql.types.StructType

/** The column that says which rows are ranked together. */
trait HasGroupCol extends Params {

  /** The column of groups. @group param */
  final val groupCol: Param[String] = new TextParam(
    this, "groupCol", "column of groups, such as the ids of queries: rows with the same value are a list, whose order is learned or judged")

  /** @group getParam */
  final def getGroupCol: String = $(groupCol)

  /** The first places that count. @group param */
  final val k: IntParam = new IntParam(
    this, "k", "number of first places of a list that count in the metric ndcg", ParamValidators.gt(0))

  /** @group getParam */
  final def getK: Int = $(k)

  setDefault(groupCol -> "group", k -> 10)
}

/** The Params of rankers and their models. */
trait NetRankerParams extends NetFeatureParams with HasGroupCol with HasFeaturesCol with HasLabelCol with HasPredictionCol {

  /** Longest list. @group param */
  final val maxListLength: IntParam = new IntParam(
    this, "maxListLength",
    "number of rows after which a list is cut in training, with a warning: which rows are left out is random, but the same in each fit; unset: never",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getMaxListLength: Int = $(maxListLength)

  /** The column of the features. */
  private[ml] def features(schema: StructType): FeatureColumns =
    FeatureColumns.bind(schema, "featuresCol", java.util.List.of($(featuresCol)))
}

/** Setters of rankers.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait NetRankerSetters[Learner <: NetRankerSetters[Learner]] extends NetRankerParams { self: Learner =>

  /** @group setParam */
  def setGroupCol(value: String): Learner = set(groupCol, value)

  /** @group setParam */
  def setK(value: Int): Learner = set(k, value)

  /** @group setParam */
  def setMaxListLength(value: Int): Learner = set(maxListLength, value)
}
