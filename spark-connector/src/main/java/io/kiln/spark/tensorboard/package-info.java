/** Event files of TensorBoard: their records, and the few messages of protocol buffers that they need. */
package io.kiln.spark.tensorboard;
