/**
 * Runnable examples: training with estimators, a hand-written training loop on Spark, and linear models with
 * autograd.
 */
package io.kiln.examples;
