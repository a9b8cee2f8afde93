/**
 * Entry points for training inside Spark: {@link io.kiln.spark.Kiln} runs custom loops. Estimators are in
 * {@code io.kiln.ml}; the packages below this one implement both.
 */
package io.kiln.spark;
