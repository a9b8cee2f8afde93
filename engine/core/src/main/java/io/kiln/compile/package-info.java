/**
 * Compiles graphs to executable programs: {@link io.kiln.compile.GraphCompiler} lowers a {@link io.kiln.graph.Graph} pass by
 * pass to an {@link io.kiln.compile.Executable}, with planned memory and bound kernels. A device contributes a
 * {@link io.kiln.compile.Target}.
 */
package io.kiln.compile;
