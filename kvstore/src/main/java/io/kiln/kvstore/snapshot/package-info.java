/**
 * Snapshots of a training job in Spark's block manager: versions made of one slice per worker, each slice on two executors,
 * so that a job that lost an executor goes on from its newest complete version.
 */
package io.kiln.kvstore.snapshot;
