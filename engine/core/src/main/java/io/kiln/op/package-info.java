/**
 * Defines and runs operators. An {@link io.kiln.op.Operator} is a record: its components are its attributes, and its
 * methods define its shape and dtype rule and its gradient, which is written in operators, so that higher derivatives
 * come for free. {@link io.kiln.op.Dispatch} runs operators eagerly on data, records them for autograd, or traces them
 * into a graph.
 *
 * <p>The operators themselves are in one package per family, one file each. Call them through the methods of
 * {@link io.kiln.ndarray.NDArray} and through static groups:
 *
 * <table>
 * <caption>Families</caption>
 * <tr><th>package</th><th>static groups</th></tr>
 * <tr><td>{@link io.kiln.op.math}</td><td>{@link io.kiln.op.math.Elementwise}, {@link io.kiln.op.math.Functions},
 * {@link io.kiln.op.math.Fourier}</td></tr>
 * <tr><td>{@link io.kiln.op.activation}</td><td>{@link io.kiln.op.activation.ActivationFunctions}</td></tr>
 * <tr><td>{@link io.kiln.op.reduce}</td><td>{@link io.kiln.op.reduce.Reductions}</td></tr>
 * <tr><td>{@link io.kiln.op.shape}</td><td>{@link io.kiln.op.shape.Movement}</td></tr>
 * <tr><td>{@link io.kiln.op.index}</td><td>{@link io.kiln.op.index.Indexing},
 * {@link io.kiln.op.index.Segments}</td></tr>
 * <tr><td>{@link io.kiln.op.linalg}</td><td>{@link io.kiln.op.linalg.Linalg}</td></tr>
 * <tr><td>{@link io.kiln.op.nn}</td><td>{@link io.kiln.op.nn.Neural}, {@link io.kiln.op.nn.Normalisation}</td></tr>
 * <tr><td>{@link io.kiln.op.attention}</td><td>{@link io.kiln.op.attention.Attention}</td></tr>
 * <tr><td>{@link io.kiln.op.recurrent}</td><td>{@link io.kiln.op.recurrent.Sequences}</td></tr>
 * <tr><td>{@link io.kiln.op.vision}</td><td>{@link io.kiln.op.vision.Vision}</td></tr>
 * <tr><td>{@link io.kiln.op.random}</td><td>{@link io.kiln.op.random.RandomOps},
 * {@link io.kiln.op.random.Distributions}</td></tr>
 * <tr><td>{@link io.kiln.op.sparse}</td><td>{@link io.kiln.op.sparse.Sparse}</td></tr>
 * <tr><td>{@link io.kiln.op.control}</td><td>{@link io.kiln.op.control.ControlFlow}</td></tr>
 * <tr><td>{@link io.kiln.op.distributed}</td><td>{@link io.kiln.op.distributed.Workers}</td></tr>
 * </table>
 *
 * <p>New arrays come from {@link io.kiln.op.Creation}; operators of your own from {@link io.kiln.op.CustomOps}.
 */
package io.kiln.op;
