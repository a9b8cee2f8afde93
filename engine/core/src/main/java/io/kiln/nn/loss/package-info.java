/** Losses. They are records, so that they can be sent to executors by name and attributes. */
package io.kiln.nn.loss;
