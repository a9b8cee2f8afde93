/**
 * Networks as JSON: a call per layer, by the names of {@code io.kiln.nn} and its subpackages. It is how Python, Spark Connect and
 * configuration files state a network whose shapes are not known yet; a traced network is a graph and has a JSON of its own.
 */
package io.kiln.nn.json;
