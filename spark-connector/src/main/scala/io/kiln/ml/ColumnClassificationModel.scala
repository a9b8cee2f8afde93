package io.kiln.ml

import com.fasterxml.jackson.databind.node.ObjectNode
import io.kiln.spark.model.{Calibration, ClassColumns, ClassOutput, RowOutputs, SentOnce}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.MLReader
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.StructType

/** A trained network that predicts classes from other columns than one of features.
  *
  * @tparam M the model itself, which setters return
  */
abstract class ColumnClassificationModel[M <: ColumnClassificationModel[M]] private[ml] (of: ColumnModel.Trained)
    extends ColumnModel[M](of)
    with ColumnClassifierSetters[M] { self: M =>

  /** The number of classes. */
  def numClasses: Int = trained.classes

  private[ml] override def added: Seq[String] =
    Seq($(rawPredictionCol), $(probabilityCol), $(predictionCol)).filter(_.nonEmpty)

  private[ml] override def outputs: RowOutputs = new ClassColumns(
    trainedNetwork.graph.outputNames.get(0),
    numClasses,
    new ClassOutput(
      $(rawPredictionCol).nonEmpty, $(probabilityCol).nonEmpty, $(predictionCol).nonEmpty,
      (if (isDefined(thresholds)) $(thresholds) else Array.empty[Double]): _*))

  private[ml] override def facts(node: ObjectNode): Unit = {
    node.put("numClasses", numClasses)
    ()
  }

  override def transformSchema(schema: StructType): StructType = {
    val all = super.transformSchema(schema)
    require(
      !isDefined(thresholds) || $(thresholds).length == numClasses,
      s"$uid: thresholds has ${if (isDefined(thresholds)) $(thresholds).length else 0} entries, the model has $numClasses classes")
    all
  }

  /**
   * A copy with calibrated probabilities: scores are divided by the temperature with which the labels of these rows are
   * most probable. Give it rows that were not trained on; predictions stay, unless `thresholds` is set.
   */
  def calibrate(dataset: Dataset[_]): M = {
    val temperature = ClassTemperature.of(this, dataset, None)
    val scaled = new SentOnce(Calibration.scaled(trainedNetwork, temperature))
    copied(of(new ColumnModel.Trained(scaled, numClasses, trained.vocabularies)), ParamMap.empty)
  }

  override def toString: String = s"${getClass.getSimpleName}: uid=$uid, numClasses=$numClasses"
}

private object ColumnClassificationModel {
  private[ml] def reader[M <: ColumnClassificationModel[M]](className: String)(
      make: (String, ColumnModel.Trained) => M): MLReader[M] =
    NetModels.reader[M](className)((uid, saved) => make(uid, ColumnModel.Trained.of(saved, saved.classes)))
}
