package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.Calibration
import org.apache.spark.ml.Transformer
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.param.shared.{HasLabelCol, HasPredictionCol, HasProbabilityCol, HasRawPredictionCol}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.{col, lit}

/** The temperature that calibrates a model of classes. */
private[ml] object ClassTemperature {
  private val Label = "kiln_label"
  private val Weight = "kiln_weight"
  private val Probability = "kiln_probability"

  type Classes = Transformer
    with NetTrainingParams with HasLabelCol with HasRawPredictionCol with HasProbabilityCol with HasPredictionCol

  /** Finds the temperature with which labels are most probable. Rows that cannot be predicted do not count where they are kept.
    *
    * @param model the model
    * @param dataset rows that were not trained on
    * @param ignored the label of rows that do not count
    */
  def of(model: Classes, dataset: Dataset[_], ignored: Option[Long]): Double = {
    def column(param: String, name: String) = FeedColumn.find(dataset.schema, param, name).of(dataset)
    val weightCol = model.optional(model.weightCol)
    val weight = if (weightCol.isEmpty) lit(1) else column("weightCol", weightCol)
    val rows = dataset
      .withColumn(Label, column("labelCol", model.getLabelCol).cast("double"))
      .withColumn(Weight, weight.cast("double"))
    val counted = ignored.map(i => rows.where(col(Label) =!= i.toDouble)).getOrElse(rows)
    val alone = model.copy(ParamMap(
      model.probabilityCol -> Probability,
      model.rawPredictionCol -> "",
      model.predictionCol -> "",
      model.handleInvalid -> (if (model.getHandleInvalid == "keep") "skip" else model.getHandleInvalid)))
    Calibration.temperature(alone.transform(counted).select(Probability, Label, Weight))
  }
}
