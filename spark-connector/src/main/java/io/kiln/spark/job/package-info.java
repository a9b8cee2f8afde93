/**
 * The training job: checks before launch, one barrier stage, snapshots and checkpoints, and resubmission after executors
 * were lost.
 */
package io.kiln.spark.job;
