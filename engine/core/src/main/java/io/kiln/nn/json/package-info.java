/**
 * Networks as JSON: one call per layer, by the names of {@code io.kiln.nn} and its subpackages. Python, Spark Connect
 * and configuration files describe networks with unknown shapes this way; a traced network is a graph, which has its
 * own JSON form.
 */
package io.kiln.nn.json;
