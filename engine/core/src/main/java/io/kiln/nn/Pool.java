package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.AvgPool;
import io.kiln.op.Dispatch;
import io.kiln.op.MaxPool;
import io.kiln.op.Neural;
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
    private final boolean countPad;

    private Pool(boolean largest, List<Long> kernel, List<Long> stride, List<Long> pad, boolean countPad) {
        this.largest = largest;
        this.kernel = kernel;
        this.stride = stride;
        this.pad = pad;
        this.countPad = countPad;
    }

    private static Pool of(boolean largest, int axes, long... kernel) {
        List<Long> k = perAxis("kernel", axes, 1, kernel);
        return new Pool(largest, k, k, perAxis("pad", axes, 0, 0), true);
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
     * The largest element of each channel, whatever the sizes: y[N,C,1,…].
     *
     * @return the layer
     */
    public static Block globalMax() {
        return new Lambda(Neural::globalMaxPool);
    }

    /**
     * The mean of each channel, whatever the sizes: y[N,C,1,…].
     *
     * @return the layer
     */
    public static Block globalAverage() {
        return new Lambda(Neural::globalAvgPool);
    }

    /**
     * This layer with another step.
     *
     * @param sizes one size, or one per spatial axis
     * @return a new layer
     */
    public Pool stride(long... sizes) {
        return new Pool(largest, kernel, perAxis("stride", kernel.size(), 1, sizes), pad, countPad);
    }

    /**
     * This layer with another border; 0 by default.
     *
     * @param sizes one size, or one per spatial axis; at most half the kernel
     * @return a new layer
     */
    public Pool pad(long... sizes) {
        return new Pool(largest, kernel, stride, perAxis("pad", kernel.size(), 0, sizes), countPad);
    }

    /**
     * This layer with or without the border in the divisor of the mean; with it by default.
     *
     * @param count true or false
     * @return a new layer
     */
    public Pool countPad(boolean count) {
        return new Pool(largest, kernel, stride, pad, count);
    }

    @Override
    public NDArray forward(NDArray x) {
        return Dispatch.one(largest ? new MaxPool(kernel, stride, pad) : new AvgPool(kernel, stride, pad, countPad), x);
    }
}
