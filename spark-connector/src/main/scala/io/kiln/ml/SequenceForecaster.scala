package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.{ForecastNetwork, TrainedNetwork}
import org.apache.spark.ml.{Estimator, Model}
import org.apache.spark.ml.functions.vector_to_array
import org.apache.spark.ml.param.{Param, ParamMap}
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{functions, DataFrame, Dataset}
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types.{DataTypes, StructType}

/**
 * Forecasts time series: from the last rows of a key, the window, the next values of a column. Windows are made by
 * Spark's window functions. Each is standardised by its own mean and deviation, so that series of any scale train one
 * network: an autoregression, and an encoder beside it.
 *
 * {{{
 * val model = new SequenceForecaster().setKeyCol("city").setTimeCol("hour").setTargetCol("degrees")
 *   .setWindow(48).setHorizon(24).fit(train)
 * model.forecast(train)
 * }}}
 */
class SequenceForecaster(override val uid: String)
    extends Estimator[SequenceForecasterModel]
    with NetSetters[SequenceForecaster]
    with NetDropoutSetters[SequenceForecaster]
    with SequenceForecasterParams
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("sequenceForecaster"))

  /** @group setParam */
  def setKeyCol(value: String): this.type = set(keyCol, value)

  /** @group setParam */
  def setTimeCol(value: String): this.type = set(timeCol, value)

  /** @group setParam */
  def setTargetCol(value: String): this.type = set(targetCol, value)

  /** @group setParam */
  def setValueCols(value: Array[String]): this.type = set(valueCols, value)

  /** @group setParam */
  def setWindow(value: Int): this.type = set(window, value)

  /** @group setParam */
  def setHorizon(value: Int): this.type = set(horizon, value)

  /** @group setParam */
  def setEncoder(value: String): this.type = set(encoder, value)

  /** @group setParam */
  def setHiddenSize(value: Int): this.type = set(hiddenSize, value)

  /** @group setParam */
  def setLoss(value: String): this.type = set(loss, value)

  /** @group setParam */
  def setPredictionCol(value: String): this.type = set(predictionCol, value)

  override def transformSchema(schema: StructType): StructType = {
    require(
      !isDefined(network),
      s"$uid: network: this estimator makes its network; train a network of your own with NetEstimator")
    val held = optional(validationIndicatorCol)
    if (held.nonEmpty) {
      val kind = FeedColumn.find(schema, "validationIndicatorCol", held).field.dataType
      require(
        kind == DataTypes.BooleanType,
        s"$uid: validationIndicatorCol: column \"$held\" is of type ${kind.catalogString}; expected boolean")
    }
    withForecast(schema)
  }

  /** The Params that decide the form of the network and what it reads. */
  private def made: Seq[Param[_]] = Seq(window, horizon, encoder, hiddenSize, dropout)

  override def fit(dataset: Dataset[_]): SequenceForecasterModel = fitted(dataset, None)

  private def fitted(dataset: Dataset[_], from: Option[SequenceForecasterModel]): SequenceForecasterModel = {
    transformSchema(dataset.schema, logging = true)
    val rows = windows.withTargets(dataset, Some(optional(validationIndicatorCol)).filter(_.nonEmpty))
    require(
      !rows.isEmpty,
      s"$uid: no series has ${$(window)} + ${$(horizon)} rows with a target that changes; set a smaller window, or give more rows")
    val net = copyValues(new NetEstimator(uid))
    net.epochListener = epochListener
    net.setInputCols(Array(ForecastWindows.Steps))
      .setInputTypes(Array(shapeOfWindows))
      .setTargetCols(Array(ForecastWindows.Next))
      .setLosses(Array($(loss)))
      .setOutputCols(Array(ForecastWindows.Standardized))
    val trained = from match {
      case Some(earlier) => net.continueFit(rows, earlier.net)
      case None =>
        net.setNetwork(new ForecastNetwork(
            ForecastNetwork.Encoder.of($(encoder)), $(window).toLong, $(hiddenSize).toLong, $(horizon).toLong, $(dropout)))
          .fit(rows)
    }
    val model = new SequenceForecasterModel(uid, trained)
    model.history = trained.history
    copyValues(model.setParent(this))
  }

  /**
   * Trains a model on, from its weights, on new rows. Params are those of this estimator, but for window, horizon, encoder,
   * hiddenSize and dropout: these are the model's, and an error if set otherwise. There must be as many `valueCols`.
   */
  def continueFit(dataset: Dataset[_], model: SequenceForecasterModel): SequenceForecasterModel = {
    val on = copy(ParamMap.empty).madeLike(model, made)
    require(
      on.getValueCols.length == model.getValueCols.length,
      s"$uid: continueFit: valueCols has ${on.getValueCols.length} columns, the model was made for ${model.getValueCols.length}; give as many")
    on.fitted(dataset, Some(model))
  }

  override def copy(extra: ParamMap): SequenceForecaster = {
    val that = defaultCopy[SequenceForecaster](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object SequenceForecaster extends MLReadable[SequenceForecaster] {
  override def read: MLReader[SequenceForecaster] =
    NetModels.estimator(classOf[SequenceForecaster].getName)(new SequenceForecaster(_))

  override def load(path: String): SequenceForecaster = super.load(path)
}

/** A trained network that forecasts series; made by [[SequenceForecaster]]. */
class SequenceForecasterModel private[ml] (override val uid: String, private[ml] val net: NetModel)
    extends Model[SequenceForecasterModel]
    with SequenceForecasterParams
    with NetModelSetters[SequenceForecasterModel]
    with HasTrainingHistory
    with HasTrainedNetwork
    with MLWritable {
  import ForecastWindows._

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: NetModel)

  /** @group setParam */
  def setKeyCol(value: String): this.type = set(keyCol, value)

  /** @group setParam */
  def setTimeCol(value: String): this.type = set(timeCol, value)

  /** @group setParam */
  def setTargetCol(value: String): this.type = set(targetCol, value)

  /** @group setParam */
  def setValueCols(value: Array[String]): this.type = set(valueCols, value)

  /** @group setParam */
  def setPredictionCol(value: String): this.type = set(predictionCol, value)

  /** The network with its weights. */
  override def trainedNetwork: TrainedNetwork = net.trainedNetwork

  override def transformSchema(schema: StructType): StructType = withForecast(schema)

  /** Adds to each row the forecast of the rows after it; null for rows with less than a window before them. */
  override def transform(dataset: Dataset[_]): DataFrame = {
    transformSchema(dataset.schema, logging = true)
    if ($(predictionCol).isEmpty) {
      logWarning(s"$uid: transform adds nothing: predictionCol is empty")
      dataset.toDF()
    } else forecasts(windows.of(dataset))
  }

  /** The forecasts of the rows after the last one of each key: the last rows of all series, with the prediction. */
  def forecast(dataset: Dataset[_]): DataFrame = {
    transformSchema(dataset.schema, logging = true)
    require($(predictionCol).nonEmpty, s"$uid: forecast: predictionCol is empty; set a name for the column of forecasts")
    forecasts(windows.last(dataset))
  }

  private def forecasts(rows: DataFrame): DataFrame = {
    val kept = if ($(handleInvalid) == "skip") rows.where(!col(Invalid)) else rows
    val zeros = array_repeat(lit(0.0), $(window) * (1 + $(valueCols).length))
    val predicting = copyValues(net.copy(ParamMap.empty))
      .setInputCols(Array(Filled))
      .setInputTypes(Array(shapeOfWindows))
      .setOutputNames(Array(trainedNetwork.graph.outputNames.get(0)))
      .setOutputCols(Array(Standardized))
    val found = predicting.transform(kept.withColumn(Filled, coalesce(col(Steps), zeros)))
    val y = col(Standardized)
    val unit =
      if ($(horizon) == 1) y * col(Deviation) + col(Mean)
      else functions.transform(vector_to_array(y), v => v * col(Deviation) + col(Mean))
    found.withColumn($(predictionCol), when(col(Steps).isNotNull, unit))
      .drop(Steps, Filled, Mean, Deviation, Invalid, Standardized)
  }

  override def copy(extra: ParamMap): SequenceForecasterModel = {
    val that = copyValues(new SequenceForecasterModel(uid, net), extra)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def write: MLWriter = NetModels.writer(this, trainedNetwork, _ => ())

  override def toString: String = s"SequenceForecasterModel: uid=$uid, window=${$(window)}, horizon=${$(horizon)}"
}

/** Reads saved models. */
object SequenceForecasterModel extends MLReadable[SequenceForecasterModel] {
  override def read: MLReader[SequenceForecasterModel] =
    NetModels.reader(classOf[SequenceForecasterModel].getName) { (uid, saved) =>
      new SequenceForecasterModel(uid, new NetModel(uid, saved.network))
    }

  override def load(path: String): SequenceForecasterModel = super.load(path)
}
