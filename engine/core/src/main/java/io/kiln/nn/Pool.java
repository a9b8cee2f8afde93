package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.nn.AdaptiveAvgPool;
import io.kiln.op.nn.AdaptiveMaxPool;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.Neural;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Pooling layers: the largest or the mean element of a window that slides over the spatial axes of x[N,C,spatial…]. Formulas
 * and sizes are those of {@link MaxPool} and {@link AvgPool}. The window steps by its own size unless a stride is given.
 *
 * <pre>{@code
 * Pool.max2D(2);                    // 2x2, step 2
 * Pool.average2D(3).stride(2).pad(1);
 * }</pre>
 */
public final class Pool extends Block {
    private final boolean largest;
    private final List<Long> kernel;
    private final List<Long> stride;
    private final List<Long> pad;
    private final List<Long> dilation;
    private final boolean ceilMode;
    private final boolean countPad;
    private final long divisor;

    private Pool(
            boolean largest,
            List<Long> kernel,
            List<Long> stride,
            List<Long> pad,
            List<Long> dilation,
            boolean ceilMode,
            boolean countPad,
            long divisor) {
        this.largest = largest;
        this.kernel = kernel;
        this.stride = stride;
        this.pad = pad;
        this.dilation = dilation;
        this.ceilMode = ceilMode;
        this.countPad = countPad;
        this.divisor = divisor;
    }

    private static Pool of(boolean largest, int axes, long... kernel) {
        List<Long> k = perAxis("kernel", axes, 1, kernel);
        return new Pool(largest, k, k, perAxis("pad", axes, 0, 0), perAxis("dilation", axes, 1, 1), false, true, 0);
    }

    private static List<Long> perAxis(String name, int axes, long least, long... values) {
        if (values.length != 1 && values.length != axes || LongStream.of(values).anyMatch(v -> v < least)) {
            throw new IllegalArgumentException(
                    "pool" + axes + "d: " + name + " needs 1 or " + axes + " sizes of at least " + least + ", got "
                            + LongStream.of(values).boxed().toList());
        }
        return values.length == axes
                ? LongStream.of(values).boxed().toList()
                : List.copyOf(Collections.nCopies(axes, values[0]));
    }

    /**
     * The largest element over windows of one axis.
     *
     * @param kernel size of the window
     * @return the layer
     */
    public static Pool max1D(long kernel) {
        return of(true, 1, kernel);
    }

    /**
     * The largest element over windows of two axes.
     *
     * @param kernel one size, or two
     * @return the layer
     */
    public static Pool max2D(long... kernel) {
        return of(true, 2, kernel);
    }

    /**
     * The largest element over windows of three axes.
     *
     * @param kernel one size, or three
     * @return the layer
     */
    public static Pool max3D(long... kernel) {
        return of(true, 3, kernel);
    }

    /**
     * The mean over windows of one axis.
     *
     * @param kernel size of the window
     * @return the layer
     */
    public static Pool average1D(long kernel) {
        return of(false, 1, kernel);
    }

    /**
     * The mean over windows of two axes.
     *
     * @param kernel one size, or two
     * @return the layer
     */
    public static Pool average2D(long... kernel) {
        return of(false, 2, kernel);
    }

    /**
     * The mean over windows of three axes.
     *
     * @param kernel one size, or three
     * @return the layer
     */
    public static Pool average3D(long... kernel) {
        return of(false, 3, kernel);
    }

    /**
     * The largest element of each channel, for any spatial sizes: y[N,C,1,…].
     *
     * @return the layer
     */
    public static Block globalMax() {
        return new Lambda(Neural::globalMaxPool);
    }

    /**
     * The mean of each channel, for any spatial sizes: y[N,C,1,…].
     *
     * @return the layer
     */
    public static Block globalAverage() {
        return new Lambda(Neural::globalAvgPool);
    }

    /**
     * The mean of equal shares of each channel, for any spatial sizes: {@link AdaptiveAvgPool}.
     *
     * @param size sizes of the result, one per spatial axis
     * @return the layer
     */
    public static Block adaptiveAverage(long... size) {
        long[] sizes = size.clone();
        return new Lambda(x -> Neural.adaptiveAvgPool(x, sizes));
    }

    /**
     * The largest element of equal shares of each channel, for any spatial sizes: {@link AdaptiveMaxPool}.
     *
     * @param size sizes of the result, one per spatial axis
     * @return the layer
     */
    public static Block adaptiveMax(long... size) {
        long[] sizes = size.clone();
        return new Lambda(x -> Neural.adaptiveMaxPool(x, sizes));
    }

    /**
     * Returns this layer with another step.
     *
     * @param sizes one size, or one per spatial axis
     * @return a new layer
     */
    public Pool stride(long... sizes) {
        List<Long> s = perAxis("stride", kernel.size(), 1, sizes);
        return new Pool(largest, kernel, s, pad, dilation, ceilMode, countPad, divisor);
    }

    /**
     * Returns this layer with another border; 0 by default.
     *
     * @param sizes one size, or one per spatial axis; at most half the window
     * @return a new layer
     */
    public Pool pad(long... sizes) {
        List<Long> p = perAxis("pad", kernel.size(), 0, sizes);
        return new Pool(largest, kernel, stride, p, dilation, ceilMode, countPad, divisor);
    }

    /**
     * Returns this layer with another distance between neighbours in the window; 1 by default.
     *
     * @param distances one distance, or one per spatial axis
     * @return a new layer
     */
    public Pool dilation(long... distances) {
        List<Long> d = perAxis("dilation", kernel.size(), 1, distances);
        return new Pool(largest, kernel, stride, pad, d, ceilMode, countPad, divisor);
    }

    /**
     * Returns this layer with or without a last window that reaches beyond the border, so that sizes are rounded up;
     * without it by default.
     *
     * @param roundUp true or false
     * @return a new layer
     */
    public Pool ceilMode(boolean roundUp) {
        return new Pool(largest, kernel, stride, pad, dilation, roundUp, countPad, divisor);
    }

    /**
     * Returns this layer with or without the border counted in the divisor of the mean; with it by default.
     *
     * @param count true or false
     * @return a new layer
     */
    public Pool countPad(boolean count) {
        return new Pool(largest, kernel, stride, pad, dilation, ceilMode, count, divisor);
    }

    /**
     * Returns this layer with a fixed divisor of the sums instead of the number of elements.
     *
     * @param number the divisor, at least 1
     * @return a new layer
     * @throws IllegalArgumentException for a smaller number, or if the layer takes the largest element
     */
    public Pool divisor(long number) {
        if (number < 1 || largest) {
            throw new IllegalArgumentException("pool" + kernel.size() + "d: a divisor must be at least 1 and goes with"
                    + " the mean only, got " + number + (largest ? " for the largest element" : ""));
        }
        return new Pool(false, kernel, stride, pad, dilation, ceilMode, countPad, number);
    }

    @Override
    public NDArray forward(NDArray x) {
        return Dispatch.one(
                largest
                        ? new MaxPool(kernel, stride, pad, dilation, ceilMode)
                        : new AvgPool(kernel, stride, pad, countPad, dilation, ceilMode, divisor),
                x);
    }
}
