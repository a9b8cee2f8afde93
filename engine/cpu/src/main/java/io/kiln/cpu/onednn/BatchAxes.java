package io.kiln.cpu.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Computes a product over several batch axes as products over one. With two or more batch axes oneDNN's products are
 * wrong if these have another order in memory than in the shape, or if an operand has gaps or repeats one of them. Axes
 * that all operands traverse in even steps are merged; of the remaining ones, each product takes the longest, and the
 * loop over the others is here.
 */
final class BatchAxes {
    private static final int A = 0;
    private static final int B = 1;
    private static final int DST = 2;

    private final Tensor[] tensors;
    private final List<Axis> axes = new ArrayList<>();
    private final Axis inner;

    /** Size and steps in the three operands; a step of 0 repeats. */
    private record Axis(long size, long... steps) {

        /** Whether this axis continues where the one behind it ends. */
        boolean continues(Axis next) {
            for (int i = 0; i < steps.length; i++) {
                if (steps[i] != next.size * next.steps[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    private BatchAxes(Tensor a, Tensor b, Tensor dst) {
        tensors = new Tensor[] {a, b, dst};
        for (int i = dst.dims().length - 3; i >= 0; i--) {
            long size = dst.dims()[i];
            if (size == 1) {
                continue;
            }
            Axis axis = new Axis(size, step(a, i), step(b, i), step(dst, i));
            Axis last = axes.isEmpty() ? null : axes.get(axes.size() - 1);
            if (last != null && axis.continues(last)) {
                axes.set(axes.size() - 1, new Axis(size * last.size, last.steps));
            } else {
                axes.add(axis);
            }
        }
        Axis longest = null;
        for (Axis axis : axes) {
            boolean longer = longest == null || axis.size > longest.size;
            longest = longer && (a.dims()[a.dims().length - 1] > 1 || isDense(axis)) ? axis : longest;
        }
        inner = longest;
        axes.remove(inner);
    }

    /** Whether matrices follow each other without gaps, which oneDNN assumes if a product sums over one element. */
    private boolean isDense(Axis axis) {
        for (int i = 0; i < tensors.length; i++) {
            long[] dims = tensors[i].dims();
            if (axis.steps[i] != 0 && axis.steps[i] != dims[dims.length - 2] * dims[dims.length - 1]) {
                return false;
            }
        }
        return true;
    }

    private static long step(Tensor tensor, int axis) {
        return tensor.dims()[axis] == 1 ? 0 : tensor.strides()[axis];
    }

    /**
     * Computes a product as products of at most three axes.
     *
     * @param product computes one of them from left matrices, right matrices and the result; false if it cannot
     * @return false if it cannot
     */
    static boolean each(Tensor a, Tensor b, Tensor dst, Predicate<Tensor[]> product) {
        BatchAxes batch = new BatchAxes(a, b, dst);
        return batch.walk(0, new long[3], product);
    }

    private boolean walk(int depth, long[] offsets, Predicate<Tensor[]> product) {
        if (depth == axes.size()) {
            return product.test(new Tensor[] {at(A, offsets[A]), at(B, offsets[B]), at(DST, offsets[DST])});
        }
        Axis axis = axes.get(depth);
        for (long i = 0; i < axis.size; i++) {
            long[] next = new long[offsets.length];
            for (int k = 0; k < next.length; k++) {
                next[k] = offsets[k] + i * axis.steps[k];
            }
            if (!walk(depth + 1, next, product)) {
                return false;
            }
        }
        return true;
    }

    /** An operand's matrices from a given element on. */
    private Tensor at(int operand, long offset) {
        Tensor all = tensors[operand];
        int rank = all.dims().length;
        long address = all.address() + offset * all.dtype().bytes();
        long rows = all.dims()[rank - 2];
        long columns = all.dims()[rank - 1];
        // oneDNN derives the layout of a matrix from the strides, including those of axes of size 1, which may be
        // arbitrary in a view
        long along = columns == 1 ? 1 : all.strides()[rank - 1];
        long down = rows == 1 ? columns * along : all.strides()[rank - 2];
        if (inner == null) {
            return new Tensor(all.dtype(), new long[] {rows, columns}, new long[] {down, along}, address);
        }
        long step = inner.steps[operand];
        long[] dims = {step == 0 ? 1 : inner.size, rows, columns};
        long[] strides = {step == 0 ? Math.max(rows * down, columns * along) : step, down, along};
        return new Tensor(all.dtype(), dims, strides, address);
    }
}
