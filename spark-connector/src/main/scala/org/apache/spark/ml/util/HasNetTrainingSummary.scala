package org.apache.spark.ml.util

import org.apache.spark.sql.DataFrame

/**
 * MLlib's trait for models with a summary, which Spark Connect clients can access. MLlib hides it from code outside
 * Spark.
 *
 * @tparam T the summary
 */
trait HasNetTrainingSummary[T] extends HasTrainingSummary[T] {

  // Spark Connect's server moves models to disk and back. A network's files already contain its summary.

  override private[spark] def saveSummary(path: String): Unit = ()

  override private[spark] def loadSummary(path: String, dataset: DataFrame): Unit = ()
}
