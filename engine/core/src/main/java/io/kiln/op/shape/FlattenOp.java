package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;
import java.util.Arrays;

/**
 * Merges an axis and all following axes into one: x[a,b,c,d] becomes y[a,b*c*d] for axis 1. Leading sizes may be
 * unknown. A view where strides allow it, otherwise of a copy.
 *
 * @param startAxis the first axis to join; negative ones count from the end
 */
public record FlattenOp(int startAxis) implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() == 0 && (startAxis == 0 || startAxis == -1)) {
            return new Spec[] {new Spec(Shape.of(1), inputs[0].dtype())};
        }
        int a = x.axis(startAxis);
        long[] d = Arrays.copyOf(x.dims(), a + 1);
        d[a] = Shape.of(Arrays.copyOfRange(x.dims(), a, x.rank())).size();
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
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
