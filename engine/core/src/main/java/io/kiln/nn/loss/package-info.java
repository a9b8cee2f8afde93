/** Losses: records, so that they travel to executors by name and attributes. */
package io.kiln.nn.loss;
