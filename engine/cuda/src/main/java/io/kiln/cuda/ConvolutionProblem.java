package io.kiln.cuda;

import java.util.List;

/**
 * What cuDNN is asked for: one of the three products of a convolution from x to y, with sizes in its terms. One spatial axis becomes two,
 * as cuDNN wants at least two.
 *
 * @param direction which of the three arrays is the result
 * @param type cuDNN's number of the dtype of all three
 * @param x shape of the data
 * @param w shape of the weights
 * @param y shape of the result
 * @param stride steps of the window
 * @param pad zeros before the first and after the last element
 * @param dilation steps within the window
 * @param groups groups of channels
 * @param channelsLast whether all three arrays have their channels last, rather than row-major order
 */
record ConvolutionProblem(
        Direction direction,
        int type,
        List<Integer> x,
        List<Integer> w,
        List<Integer> y,
        List<Integer> stride,
        List<Integer> pad,
        List<Integer> dilation,
        int groups,
        boolean channelsLast) {
    /** The result. */
    enum Direction {
        /** y of x and w. */
        FORWARD,
        /** The gradient of x, of y's and w. */
        DATA,
        /** The gradient of w, of y's and x. */
        WEIGHTS
    }

    /** The problem; null where cuDNN does not take the sizes. */
    static ConvolutionProblem of(
            Direction direction,
            int type,
            long[] x,
            long[] w,
            long[] y,
            List<Long> stride,
            List<Long> pad,
            List<Long> dilation,
            long groups,
            boolean channelsLast) {
        if (!CudnnSizes.areInRange(x) || !CudnnSizes.areInRange(w) || !CudnnSizes.areInRange(y)) {
            return null;
        }
        int axes = w.length - CudnnSizes.CHANNELS;
        ConvolutionProblem problem = new ConvolutionProblem(
                direction,
                type,
                CudnnSizes.of(x),
                CudnnSizes.of(w),
                CudnnSizes.of(y),
                CudnnSizes.window(stride, axes, 1),
                CudnnSizes.window(pad, axes, 0),
                CudnnSizes.window(dilation, axes, 1),
                Math.toIntExact(groups),
                channelsLast);
        return problem.isConsistent() ? problem : null;
    }

    /** The same problem on row-major arrays. */
    ConvolutionProblem rowMajor() {
        return new ConvolutionProblem(direction, type, x, w, y, stride, pad, dilation, groups, false);
    }

    /** Whether y has the sizes that cuDNN computes of x's: the output padding of a transposed convolution may be larger. */
    private boolean isConsistent() {
        for (int d = 0; d < stride.size(); d++) {
            long extent = (w.get(d + CudnnSizes.CHANNELS) - 1L) * dilation.get(d) + 1;
            long room = x.get(d + CudnnSizes.CHANNELS) + 2L * pad.get(d) - extent;
            if (room < 0 || room / stride.get(d) + 1 != y.get(d + CudnnSizes.CHANNELS)) {
                return false;
            }
        }
        return true;
    }
}
