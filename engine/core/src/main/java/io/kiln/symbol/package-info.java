/**
 * Networks as data: a traced block, or a {@link io.kiln.symbol.Symbol} composed by hand, becomes an immutable {@link io.kiln.symbol.Graph}, which is written to JSON, read back,
 * and run, without the Java classes that made it.
 */
package io.kiln.symbol;
