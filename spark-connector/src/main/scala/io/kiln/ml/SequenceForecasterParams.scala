package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.{ForecastNetwork, NamedRecord, OutputColumns}
import org.apache.spark.ml.param.{IntParam, Param, ParamValidators, StringArrayParam}
import org.apache.spark.ml.param.shared.HasPredictionCol
import org.apache.spark.sql.types.{ArrayType, DataType, DoubleType, NumericType, StructType}

/** The Params of forecasters and their models. */
trait SequenceForecasterParams extends NetTrainingParams with NetDropoutParams with HasPredictionCol {

  /** The column of keys. @group param */
  final val keyCol: Param[String] = new TextParam(
    this, "keyCol", "column that tells series apart; unset: all rows are one series, which one task sorts")

  /** @group getParam */
  final def getKeyCol: String = $(keyCol)

  /** The column of times. @group param */
  final val timeCol: Param[String] = new TextParam(
    this, "timeCol", "column by which the rows of a series are sorted; steps are rows, whatever the time between them")

  /** @group getParam */
  final def getTimeCol: String = $(timeCol)

  /** The column that is forecast. @group param */
  final val targetCol: Param[String] = new TextParam(this, "targetCol", "column of numbers that is forecast")

  /** @group getParam */
  final def getTargetCol: String = $(targetCol)

  /** Other columns. @group param */
  final val valueCols: StringArrayParam = new StringArrayParam(
    this, "valueCols", "further columns of numbers whose past the network sees")

  /** @group getParam */
  final def getValueCols: Array[String] = $(valueCols)

  /** Rows of a window. @group param */
  final val window: IntParam = new IntParam(
    this, "window", "number of rows, up to the present one, that a forecast is made from", ParamValidators.gt(1))

  /** @group getParam */
  final def getWindow: Int = $(window)

  /** Rows that are forecast. @group param */
  final val horizon: IntParam = new IntParam(
    this, "horizon",
    "number of rows after the present one that are forecast: predictions are numbers for 1, otherwise arrays of double",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getHorizon: Int = $(horizon)

  /** What reads a window. @group param */
  final val encoder: Param[String] = new TextParam(
    this, "encoder",
    "what reads a window beside an autoregression: linear (nothing), lstm, gru or tcn (dilated causal convolutions)",
    ParamValidators.inArray(ForecastNetwork.Encoder.values.map(_.param)))

  /** @group getParam */
  final def getEncoder: String = $(encoder)

  /** Size of the encoder. @group param */
  final val hiddenSize: IntParam = new IntParam(this, "hiddenSize", "size of the encoder", ParamValidators.gt(0))

  /** @group getParam */
  final def getHiddenSize: Int = $(hiddenSize)

  /** The loss. @group param */
  final val loss: Param[String] = new TextParam(
    this, "loss",
    "loss of forecasts, after the mean of the window has been subtracted and its standard deviation divided by: a name, or a name and attributes as JSON",
    (s: String) => NamedRecord.checkLoss(s))

  /** @group getParam */
  final def getLoss: String = $(loss)

  setDefault(
    timeCol -> "time",
    targetCol -> "value",
    valueCols -> Array.empty[String],
    window -> 24,
    horizon -> 1,
    encoder -> "gru",
    hiddenSize -> ForecastNetwork.HIDDEN,
    loss -> "l2")

  private[ml] def windows: ForecastWindows = new ForecastWindows(
    uid,
    if (isDefined(keyCol)) Some($(keyCol)).filter(_.nonEmpty) else None,
    $(timeCol),
    $(targetCol) +: $(valueCols).toSeq,
    $(window),
    $(horizon),
    $(handleInvalid))

  private[ml] def shapeOfWindows: String = s"float32[${1 + $(valueCols).length},${$(window)}]"

  private[ml] def forecastType: DataType =
    if ($(horizon) == 1) DoubleType else ArrayType(DoubleType, containsNull = true)

  private[ml] def withForecast(schema: StructType): StructType = {
    ForecastWindows.checkNames(uid, schema)
    if (isDefined(keyCol) && $(keyCol).nonEmpty) FeedColumn.find(schema, "keyCol", $(keyCol))
    FeedColumn.find(schema, "timeCol", $(timeCol))
    (("targetCol" -> $(targetCol)) +: $(valueCols).toSeq.map("valueCols" -> _)).foreach { case (param, name) =>
      val kind = FeedColumn.find(schema, param, name).field.dataType
      require(
        kind.isInstanceOf[NumericType],
        s"$uid: $param: column \"$name\" is of type ${kind.catalogString}; expected a number")
    }
    OutputColumns.append(schema, "predictionCol", $(predictionCol), forecastType, true)
  }
}
