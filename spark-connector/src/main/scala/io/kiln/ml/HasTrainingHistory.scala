package io.kiln.ml

import io.kiln.spark.job.TrainingSummary

/** A model that remembers how it was trained, until it is saved. */
trait HasTrainingHistory {
  private[ml] var history: Option[TrainingSummary] = None

  private[ml] def takeHistory(from: HasTrainingHistory): Unit = history = from.history

  /** Whether the model was trained in this application, rather than loaded. */
  def hasSummary: Boolean = history.isDefined

  /** How training went: loss and metrics of each epoch, and where its time went. */
  def summary: TrainingSummary = history.getOrElse(
    throw new IllegalStateException("summary: the model was loaded; only the model that fit returns has one"))
}
