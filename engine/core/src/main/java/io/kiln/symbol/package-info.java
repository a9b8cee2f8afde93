/**
 * MXNet's symbolic API: a {@link io.kiln.symbol.Symbol} composes operators by name or record, parameter shapes are
 * inferred from the data, and an {@link io.kiln.symbol.Executor} runs it on bound arrays. A symbol becomes a
 * {@link io.kiln.graph.Graph}, which blocks, files and the compiler share.
 */
package io.kiln.symbol;
