/**
 * From a graph to a program that runs: {@link io.kiln.compile.Compiler} lowers a {@link io.kiln.graph.Graph} pass by pass to
 * an {@link io.kiln.compile.Executable}, with its memory planned and its kernels bound. What a device contributes stands in
 * {@link io.kiln.compile.Target}.
 */
package io.kiln.compile;
