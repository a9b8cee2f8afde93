/** Networks outside the engine: as Params of estimators, serialized to executors, on disk, and applied to rows. */
package io.kiln.spark.model;
