package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/** Joins several arrays into one; a block without parameters, for {@link Functional}. */
public final class Merge extends Block {
    private final String name;
    private final Function<NDArray[], NDArray> function;

    private Merge(String name, Function<NDArray[], NDArray> function) {
        this.name = name;
        this.function = function;
    }

    /**
     * Concatenates arrays along an axis. Shapes: all inputs alike except on the axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return the block
     */
    public static Merge concat(int axis) {
        return new Merge("concat", x -> Movement.concat(axis, x));
    }

    /**
     * Adds arrays, element by element.
     *
     * @return the block
     */
    public static Merge sum() {
        return reduce("sum", NDArray::add);
    }

    /**
     * Multiplies arrays, element by element.
     *
     * @return the block
     */
    public static Merge product() {
        return reduce("product", NDArray::mul);
    }

    /**
     * The inner product of two arrays along the last axis: x[N,…,d], y[N,…,d] to z[N,…,1].
     *
     * @return the block
     */
    public static Merge dot() {
        return new Merge("dot", x -> {
            if (x.length != 2) {
                throw new IllegalArgumentException("merge: dot takes two inputs, got " + x.length);
            }
            return Reductions.sum(x[0].mul(x[1]), true, -1);
        });
    }

    private static Merge reduce(String name, BinaryOperator<NDArray> operator) {
        return new Merge(name, x -> {
            NDArray y = x[0];
            for (int i = 1; i < x.length; i++) {
                y = operator.apply(y, x[i]);
            }
            return y;
        });
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        if (inputs.length == 0) {
            throw new IllegalArgumentException("merge: " + name + " needs at least one input");
        }
        return new NDArray[] {function.apply(inputs)};
    }
}
