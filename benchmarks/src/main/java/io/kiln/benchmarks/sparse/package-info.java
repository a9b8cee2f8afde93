/** Training on sparse rows, and with row-sparse gradients. */
package io.kiln.benchmarks.sparse;
