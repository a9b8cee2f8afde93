package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.compile.internal.FusedBatchNorm;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import java.util.List;

/**
 * What a device contributes to compiling for it. The defaults fit any backend: row-major results, every pointwise operator
 * fused, every other one run by the backend's kernels.
 *
 * <p>Implementations are thread-safe.
 */
public interface Target {
    /** A device that contributes nothing. */
    Target PLAIN = operator -> true;

    /**
     * What a backend contributes to compiling.
     *
     * @param backend the backend
     * @return its target
     */
    static Target of(Backend backend) {
        return backend instanceof CompilingBackend c ? c.target() : PLAIN;
    }

    /**
     * Whether the device runs an operator as a whole; otherwise the compiler writes it as its composition.
     *
     * @param operator an operator that is neither pointwise nor a view
     * @return true when there is a kernel
     */
    boolean hasKernel(Operator operator);

    /**
     * Whether a pointwise operator may become part of a fused program. False keeps the device's own kernel for it.
     *
     * @param operator the operator
     * @param output shape and dtype of its result
     * @return true when fusing pays
     */
    default boolean fuses(Pointwise operator, Spec output) {
        return true;
    }

    /**
     * How fused programs lay out their results best.
     *
     * @param inputs layouts of the inputs
     * @param shape the results' shape
     * @return strides in elements; dense
     */
    default long[] layout(Layout[] inputs, Shape shape) {
        return shape.contiguousStrides();
    }

    /**
     * The size of what the device's {@link FusedBatchNorm} leaves for its gradient.
     *
     * @param x shape and dtype of what is normalised
     * @return bytes of the mask; -1 when the device has no such kernels for it
     */
    default long maskBytes(Spec x) {
        return -1;
    }

    /**
     * How the device likes the weights of a convolution, when that is another layout than theirs.
     *
     * @param convolution the convolution, not packed
     * @param inputs shapes and dtypes of its inputs
     * @return the packing; null to leave the weights as they are
     */
    default Packing packing(FusedConvolution convolution, Spec... inputs) {
        return null;
    }

    /**
     * Passes of the device's own, run before pointwise operators are fused.
     *
     * @return the passes in order
     */
    default List<Pass> passes() {
        return List.of();
    }
}
