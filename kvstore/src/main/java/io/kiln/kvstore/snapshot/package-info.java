/**
 * Snapshots of a training job in Spark's block manager. A version has one slice per worker, each stored on two
 * executors, so that a job that loses an executor can resume from its newest complete version.
 */
package io.kiln.kvstore.snapshot;
