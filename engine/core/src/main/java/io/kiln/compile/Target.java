package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.compile.internal.FusedBatchNorm;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import java.util.List;

/**
 * A device's contribution to compiling. The defaults suit any backend: row-major results, every pointwise operator
 * fused, every other one run by the backend's kernels.
 *
 * <p>Implementations are thread-safe.
 */
public interface Target {
    /** A device that contributes nothing. */
    Target PLAIN = operator -> false;

    /**
     * Returns a backend's contribution to compiling.
     *
     * @param backend the backend
     * @return its target
     */
    static Target of(Backend backend) {
        return backend instanceof CompilingBackend c ? c.target() : PLAIN;
    }

    /**
     * Whether the device runs an operator that passes create by combining several others.
     *
     * @param operator such as a sum followed by a ReLU, or a convolution with everything that follows it
     * @return true if there is a kernel; otherwise they stay apart
     */
    boolean hasKernel(Operator operator);

    /**
     * Whether a pointwise operator may become part of a fused program. If false, the device's own kernel is used.
     *
     * @param operator the operator
     * @param output shape and dtype of its result
     * @return true if fusing is faster
     */
    default boolean fuses(Pointwise operator, Spec output) {
        return true;
    }

    /**
     * Whether the compiler takes an operator apart although the device has a kernel for it, as its parts become part of fused programs.
     *
     * @param operator the operator
     * @param training whether the program runs in train mode
     * @return true if the parts are faster
     */
    default boolean takesApart(Operator operator, boolean training) {
        return false;
    }

    /**
     * The preferred layout for a result of a fused program.
     *
     * @param inputs layouts of the inputs
     * @param output the result's shape and dtype
     * @return strides in elements; dense
     */
    default long[] layout(Layout[] inputs, Spec output) {
        return output.shape().contiguousStrides();
    }

    /**
     * The layout in which the kernel of an operator takes an input as it is, where it copies those of other layouts in each call. A cast that
     * makes the input writes it in this layout, and has a kernel for any.
     *
     * @param operator the operator
     * @param input shape and dtype of one of its inputs
     * @return strides in elements, dense; null if the kernel takes any layout
     */
    default long[] inputLayout(Operator operator, Spec input) {
        return null;
    }

    /**
     * The size of the mask that the device's {@link FusedBatchNorm} writes for its gradient.
     *
     * @param x shape and dtype of the normalised array
     * @return bytes of the mask; -1 if the device has no such kernels for it
     */
    default long maskBytes(Spec x) {
        return -1;
    }

    /**
     * The layout that the device prefers for the weights of a convolution, if it differs from the weights' own.
     *
     * @param convolution the convolution, not packed
     * @param inputs shapes and dtypes of its inputs
     * @return the packing; null to use the weights unpacked
     */
    default Packing packing(FusedConvolution convolution, Spec... inputs) {
        return null;
    }

    /**
     * The device's own passes, run before pointwise operators are fused.
     *
     * @return the passes in order
     */
    default List<Pass> passes() {
        return List.of();
    }
}
