/**
 * Spark jobs with deadlines: they limit the time spent waiting for slots, and leave no task behind when they are
 * cancelled.
 */
package io.kiln.spark.stage;
