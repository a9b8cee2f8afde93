/**
 * The training job: checks before launch, one barrier stage, snapshots and checkpoints, resubmission after executors
 * were lost, and the summary of the training.
 */
package io.kiln.spark.job;
