package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.init.ZeroRow;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Role;
import io.kiln.op.StopGradient;
import io.kiln.op.math.Elementwise;
import io.kiln.op.nn.Neural;

/**
 * A table of vectors looked up by index: y[…,:] = weight[x[…],:]. Shapes: x[…] with values from 0 to below count (of
 * any dtype; fractions are truncated), weight[count,dimension], y[…,dimension].
 */
public final class Embedding extends Block {
    private static final long NONE = -1;

    private final Parameter weight;
    private final long count;
    private long paddingIndex = NONE;

    /**
     * Creates a table with the default initializer.
     *
     * @param count number of vectors
     * @param dimension their length
     */
    public Embedding(long count, long dimension) {
        this(count, dimension, Initializer.defaultFor(Role.EMBEDDING));
    }

    /**
     * Creates a table.
     *
     * @param count number of vectors
     * @param dimension their length
     * @param initializer its initializer
     */
    public Embedding(long count, long dimension, Initializer initializer) {
        if (count < 1 || dimension < 1) {
            throw new IllegalArgumentException(
                    "embedding: count and dimension must be >= 1, got " + count + " and " + dimension);
        }
        this.count = count;
        weight = addParameter(
                new Parameter("weight", Role.EMBEDDING, DType.FLOAT32, Shape.of(count, dimension), initializer));
    }

    /**
     * Keeps the gradient of the table as the rows that a batch looks up, so that {@code Sgd}, {@code Adam} and
     * {@code AdaGrad} update only these (lazily).
     *
     * @return this layer
     */
    public Embedding withRowGradient() {
        weight.keepRowGradient();
        return this;
    }

    /**
     * Declares a padding row: it is initialized to zeros and gets no gradient, so that training does not change it.
     *
     * @param index index of the row; negative ones count from the end
     * @return this layer
     * @throws IndexOutOfBoundsException if there is no such row
     */
    public Embedding withPaddingIndex(long index) {
        if (index < -count || index >= count) {
            throw new IndexOutOfBoundsException(
                    "embedding: paddingIndex must be from " + -count + " to " + (count - 1) + ", got " + index);
        }
        paddingIndex = index < 0 ? index + count : index;
        weight.initializer(new ZeroRow(weight.initializer(), paddingIndex));
        return this;
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray index = x.dtype() == DType.INT32 ? x : x.cast(DType.INT64);
        NDArray y = Neural.embedding(index, weight.data());
        if (paddingIndex == NONE) {
            return y;
        }
        NDArray fixed = Dispatch.one(new StopGradient(), y);
        return Elementwise.where(index.eq(paddingIndex).expandDims(-1), fixed, y);
    }
}
