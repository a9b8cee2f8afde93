/**
 * Networks as data: a traced block becomes an immutable {@link io.kiln.symbol.Graph}, which is written to JSON, read back,
 * and run, without the Java classes that made it.
 */
package io.kiln.symbol;
