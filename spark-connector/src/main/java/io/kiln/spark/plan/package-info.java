/**
 * Prediction as an operator of Spark's query plans: a logical node, past which filters, limits and column pruning are
 * pushed to the source, and a physical one, which gives the network whole batches. Spark's session extensions register
 * both.
 */
package io.kiln.spark.plan;
