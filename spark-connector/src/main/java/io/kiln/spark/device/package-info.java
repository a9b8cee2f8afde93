/**
 * The device of a task: what the Param {@code device} asks for, what Spark has assigned to the task, and what the
 * executor has.
 */
package io.kiln.spark.device;
