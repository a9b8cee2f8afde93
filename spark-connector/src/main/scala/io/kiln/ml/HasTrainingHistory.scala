package io.kiln.ml

import io.kiln.spark.report.TrainingSummary
import org.apache.spark.ml.util.HasNetTrainingSummary

/** A model with a training summary, which is saved and loaded with it. */
trait HasTrainingHistory extends HasNetTrainingSummary[TrainingSummary] {
  private[ml] var history: Option[TrainingSummary] = None

  private[ml] def takeHistory(from: HasTrainingHistory): Unit = history = from.history

  /** Whether the model has a summary; models saved by versions before 0.2 have none. */
  override def hasSummary: Boolean = history.isDefined

  /** Loss and metrics of each epoch, and how its time was spent. */
  override def summary: TrainingSummary = history.getOrElse(
    throw new IllegalStateException("summary: the model was saved by a version of Kiln without summaries; fit it again"))
}
