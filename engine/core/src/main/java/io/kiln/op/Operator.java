package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.shape.FullLike;

/**
 * An operator with its attributes. Implementations are records named after the operator; a record component is an
 * attribute and may be a long, int, double, boolean, String, enum, {@link io.kiln.ndarray.DType},
 * {@link io.kiln.ndarray.Shape} or a {@code List<Long>}. The JSON form of a graph is derived from them; nothing else
 * needs to be registered.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface Operator {
    /**
     * The name used in messages and graphs: the class name with a lower-case first letter, without the suffix Op, which
     * operators have that would share their name with a layer.
     *
     * @return the name
     */
    default String name() {
        return OperatorFamilies.name(getClass());
    }

    /**
     * The shape and dtype rule.
     *
     * @param inputs what is known of the inputs
     * @return shape and dtype of each output
     * @throws io.kiln.ndarray.ShapeException if the inputs do not fit, naming operation, argument, expected and got
     */
    Spec[] infer(Spec... inputs);

    /**
     * The gradient: from the gradients of the outputs to those of the inputs.
     *
     * @param context inputs, outputs and output gradients
     * @return one array per input; null where none flows or none is {@linkplain GradientContext#needs needed}
     */
    NDArray[] gradient(GradientContext context);

    /**
     * Whether outputs follow the values of the inputs. Autograd stops at an operator whose outputs do not: variables
     * that a head reaches only through such operators get no gradient; all others that it reaches get one, zeros where
     * none flows.
     *
     * @return false for constants such as {@link StopGradient} and {@link FullLike}
     */
    default boolean followsInputs() {
        return true;
    }

    /**
     * The operator composed of others, for backends without a kernel for it.
     *
     * @param inputs its inputs
     * @return its outputs, or null if it is a primitive
     */
    default NDArray[] compose(NDArray... inputs) {
        return null;
    }

    /**
     * Floating-point operations of one call: an addition, multiplication, comparison or function counts one, so a
     * multiply-add is two; moving data counts none. A bias that a sum starts from is free. Operators whose work is not
     * proportional to their largest array state it themselves.
     *
     * @param inputs shape and dtype of each input, all sizes known
     * @param outputs shape and dtype of each output
     * @return by default the number of elements of the largest input or output
     * @throws ArithmeticException if the number does not fit a long
     */
    default long flops(Spec[] inputs, Spec[] outputs) {
        long largest = 0;
        for (Spec s : inputs) {
            largest = Math.max(largest, s.shape().size());
        }
        for (Spec s : outputs) {
            largest = Math.max(largest, s.shape().size());
        }
        return largest;
    }
}
