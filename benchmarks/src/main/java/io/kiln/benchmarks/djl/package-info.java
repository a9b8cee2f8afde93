/** Peers that are reached through the Deep Java Library: libtorch and Apache MXNet. */
package io.kiln.benchmarks.djl;
