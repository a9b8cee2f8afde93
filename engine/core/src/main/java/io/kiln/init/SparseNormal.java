package io.kiln.init;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.index.Indexing;
import io.kiln.op.random.RandomOps;

/**
 * Normally distributed elements, with the same number of randomly chosen zeros in each column: in a weight [out,in],
 * each input is connected to only some outputs. J. Martens, ICML 2010.
 *
 * @param sparsity share of zeros in each column, in [0, 1]; their number is rounded up
 * @param sigma deviation of the others, at least 0
 */
public record SparseNormal(double sparsity, double sigma) implements Initializer {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public SparseNormal {
        if (!(sparsity >= 0 && sparsity <= 1 && sigma >= 0) || Double.isInfinite(sigma)) {
            throw new IllegalArgumentException("sparseNormal: sparsity must be in [0, 1], sigma finite and >= 0, got "
                    + sparsity + " and " + sigma);
        }
    }

    /**
     * Uses PyTorch's deviation, 0.01.
     *
     * @param sparsity share of zeros in each column
     */
    public SparseNormal(double sparsity) {
        this(sparsity, 0.01);
    }

    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() != 2) {
            throw new ShapeException("sparseNormal: needs a matrix [out,in], got " + shape);
        }
        long zeros = (long) Math.ceil(sparsity * shape.dim(0));
        NDArray order = Indexing.argSort(RandomOps.uniform(shape, 0, 1, DType.FLOAT32), 0, false);
        NDArray rank = Indexing.argSort(order, 0, false);
        NDArray values = new Normal(sigma).create(shape);
        return values.mul(rank.ge(zeros).cast(values.dtype()));
    }
}
