package io.kiln.ml

import org.apache.spark.ml.param.{IntParam, Param, ParamValidators, Params}
import org.apache.spark.ml.param.shared.HasPredictionCol

import java.util.Locale

/** The Params of estimators that recommend, and of their models. */
trait RecommenderModelParams extends Params with HasPredictionCol {

  /** The column of users. @group param */
  final val userCol: Param[String] = new TextParam(this, "userCol", "column of the users' ids, whole numbers")

  /** @group getParam */
  final def getUserCol: String = $(userCol)

  /** The column of items. @group param */
  final val itemCol: Param[String] = new TextParam(this, "itemCol", "column of the items' ids, whole numbers")

  /** @group getParam */
  final def getItemCol: String = $(itemCol)

  /** What a model does with ids that training has not seen. @group param */
  final val coldStartStrategy: Param[String] = new TextParam(
    this, "coldStartStrategy", "what a model does with rows whose user or item was not in training: nan predicts NaN, drop drops them",
    (value: String) => Set("nan", "drop").contains(value.toLowerCase(Locale.ROOT)))

  /** In lower case. @group getParam */
  final def getColdStartStrategy: String = $(coldStartStrategy).toLowerCase(Locale.ROOT)

  setDefault(userCol -> "user", itemCol -> "item", coldStartStrategy -> "nan")
}

/** The Params of estimators that recommend. */
trait RecommenderParams extends RecommenderModelParams with NetTrainingParams {

  /** The column of ratings. @group param */
  final val ratingCol: Param[String] = new TextParam(
    this, "ratingCol",
    "column of ratings, which predictions approximate; unset: rows are pairs that belong together, and predictions rank the items of a user")

  /** @group getParam */
  final def getRatingCol: String = $(ratingCol)

  /** Length of the vectors. @group param */
  final val rank: IntParam = new IntParam(this, "rank", "length of the users' and items' vectors", ParamValidators.gt(0))

  /** @group getParam */
  final def getRank: Int = $(rank)

  setDefault(rank -> 16)
}
