/** Other systems that are used through the Deep Java Library: libtorch and Apache MXNet. */
package io.kiln.benchmarks.djl;
