package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/**
 * A user-defined operator whose computation is Java code on data, with a gradient and a shape rule. It runs eagerly, is
 * recorded, and is a node of a graph when it is traced ({@link CustomOps#call}). A function that can be written with
 * existing operators does not need one.
 *
 * <p>Implementations are immutable. One written to a graph's JSON is a record, whose components are its attributes, and
 * is {@linkplain CustomOps#register registered} in each process that reads the graph.
 *
 * <pre>{@code
 * public record Cube() implements CustomOp {
 *     public Spec[] infer(Spec... in) { return new Spec[] {in[0]}; }
 *     public NDArray[] forward(NDArray... x) { return new NDArray[] {x[0].mul(x[0]).mul(x[0])}; }
 *     public NDArray[] backward(NDArray[] dy, NDArray[] x, NDArray[] y) {
 *         return new NDArray[] {dy[0].mul(x[0].square()).mul(3)};
 *     }
 * }
 * NDArray y = CustomOps.call(new Cube(), x)[0];
 * }</pre>
 */
public interface CustomOp {
    /**
     * The shape and dtype rule.
     *
     * @param inputs what is known of the inputs; while a graph is traced, sizes may be {@link io.kiln.ndarray.Shape#UNKNOWN}
     * @return shape and dtype of each output
     */
    Spec[] infer(Spec... inputs);

    /**
     * Computes the outputs; not recorded. {@link io.kiln.autograd.Autograd#isTraining} says in which mode.
     *
     * @param inputs arrays with data
     * @return the outputs, of the shapes and dtypes that {@link #infer} says
     */
    NDArray[] forward(NDArray... inputs);

    /**
     * Computes the gradients of the inputs. If it is written with operators, second derivatives are correct as well.
     *
     * @param outputGradients one per output, zeros where none flows
     * @param inputs what forward was given
     * @param outputs what forward gave
     * @return one per input, null where none flows
     */
    NDArray[] backward(NDArray[] outputGradients, NDArray[] inputs, NDArray[] outputs);
}
