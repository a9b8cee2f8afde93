/** TensorBoard event files: their records, and the few protocol buffer messages that they need. */
package io.kiln.spark.tensorboard;
