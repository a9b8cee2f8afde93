package io.kiln.spark.plan

import org.apache.spark.sql.{SparkSessionExtensions, SparkSessionExtensionsProvider}

/**
 * Registers predictions with the planner of every session that is built while Kiln is on the class path: Spark finds
 * this class through `META-INF/services`.
 */
class KilnExtensions extends SparkSessionExtensionsProvider {
  override def apply(extensions: SparkSessionExtensions): Unit = {
    extensions.injectOptimizerRule(_ => OptimizePredictions)
    extensions.injectPlannerStrategy(_ => PlanPredictions)
  }
}
