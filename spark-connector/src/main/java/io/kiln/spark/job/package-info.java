/**
 * The training job: checks before launch, one barrier stage, snapshots and checkpoints, resubmission after executors were
 * lost, and the report of how training went.
 */
package io.kiln.spark.job;
