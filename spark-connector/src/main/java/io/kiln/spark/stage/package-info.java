/** Spark jobs with deadlines: they wait for slots so long and no longer, and leave no task behind when they are cancelled. */
package io.kiln.spark.stage;
