package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Removes axes of size 1. A view. An axis of unknown size is taken to be 1.
 *
 * @param axes the axes; none for all of size 1
 */
public record Squeeze(List<Long> axes) implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        boolean[] gone = new boolean[x.rank()];
        for (int i = 0; i < gone.length; i++) {
            gone[i] = axes.isEmpty() && x.dim(i) == 1;
        }
        for (long a : axes) {
            int axis = x.axis(Math.toIntExact(a));
            if (x.dim(axis) != 1 && x.dim(axis) != Shape.UNKNOWN) {
                throw new ShapeException("squeeze: axis " + a + " of x" + x + " has size " + x.dim(axis) + ", needs 1");
            }
            gone[axis] = true;
        }
        LongStream kept = IntStream.range(0, gone.length).filter(i -> !gone[i]).mapToLong(x::dim);
        return new Spec[] {new Spec(Shape.of(kept.toArray()), inputs[0].dtype())};
    }

    @Override
    public View view(Layout x, Spec output) {
        return new Reshape(output.shape()).view(x, output);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {c.outputGradient(0).reshape(c.input(0).shape())};
    }
}
