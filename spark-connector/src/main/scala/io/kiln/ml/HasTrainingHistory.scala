package io.kiln.ml

import io.kiln.spark.job.TrainingSummary
import org.apache.spark.ml.util.HasNetTrainingSummary

/** A model that remembers how it was trained, also when it is saved and loaded. */
trait HasTrainingHistory extends HasNetTrainingSummary[TrainingSummary] {
  private[ml] var history: Option[TrainingSummary] = None

  private[ml] def takeHistory(from: HasTrainingHistory): Unit = history = from.history

  /** Whether the model remembers; one that was saved by a version before 0.2 does not. */
  override def hasSummary: Boolean = history.isDefined

  /** How training went: loss and metrics of each epoch, and where its time went. */
  override def summary: TrainingSummary = history.getOrElse(
    throw new IllegalStateException("summary: the model was saved by a version of Kiln that did not keep it; fit anew"))
}
