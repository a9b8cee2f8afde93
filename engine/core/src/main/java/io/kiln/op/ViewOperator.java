package io.kiln.op;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/** An operator of one input whose output is the same memory seen differently; no backend takes part. */
public interface ViewOperator extends Operator {
    /**
     * Where the elements of a view lie in the memory of its input.
     *
     * @param strides strides in elements
     * @param start the first element, counted from that of the input
     */
    record View(long[] strides, long start) {}

    /**
     * Computes the view.
     *
     * @param x layout of the input
     * @param output what the shape rule says of the output
     * @return the view; null where strides over this memory cannot express it, which row-major memory never is
     */
    View view(Layout x, Spec output);

    /**
     * Creates the view.
     *
     * @param x the input
     * @param output what the shape rule says of the output
     * @return a view of x, or of a row-major copy where strides cannot express it
     */
    default NDArray view(NDArray x, Spec output) {
        View v = view(x.layout(), output);
        NDArray from = x;
        if (v == null) {
            from = Dispatch.withoutGradient(new Copy(), x);
            v = view(from.layout(), output);
        }
        return from.view(output.shape(), v.strides(), v.start());
    }

    @Override
    default long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
