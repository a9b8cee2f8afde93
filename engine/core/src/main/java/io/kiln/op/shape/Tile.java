package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.reduce.Sum;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Repeats a whole array along its axes: x[a,b] becomes y[r0 a,r1 b]. More repeats than axes add leading axes. Dtype: as
 * x.
 *
 * @param repeats how often, per axis of y
 */
public record Tile(List<Long> repeats) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        int extra = repeats.size() - x.rank();
        if (extra < 0 || repeats.stream().anyMatch(r -> r < 0)) {
            throw new ShapeException(
                    "tile: x" + x + " needs " + x.rank() + " repeats at least, none negative, got " + repeats);
        }
        long[] d = new long[repeats.size()];
        for (int i = 0; i < d.length; i++) {
            long n = i < extra ? 1 : x.dim(i - extra);
            d[i] = n == Shape.UNKNOWN ? n : Math.multiplyExact(n, repeats.get(i));
        }
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        NDArray all = x.reshape(pairs(x.shape(), false)).broadcastTo(pairs(x.shape(), true));
        return new NDArray[] {all.copy().reshape(infer(x.spec())[0].shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        Shape x = c.input(0).shape();
        List<Long> copies =
                LongStream.range(0, repeats.size()).map(i -> 2 * i).boxed().toList();
        NDArray dy = c.outputGradient(0).reshape(pairs(x, true));
        return new NDArray[] {
            copies.isEmpty() ? dy : Dispatch.one(new Sum(copies, false), dy).reshape(x)
        };
    }

    /** The shape [r0,d0,r1,d1,…], or with ones for the repeats. */
    private Shape pairs(Shape x, boolean repeated) {
        int extra = repeats.size() - x.rank();
        long[] d = new long[2 * repeats.size()];
        for (int i = 0; i < repeats.size(); i++) {
            d[2 * i] = repeated ? repeats.get(i) : 1;
            d[2 * i + 1] = i < extra ? 1 : x.dim(i - extra);
        }
        return Shape.of(d);
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
