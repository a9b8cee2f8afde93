package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Window;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Moves positions of a grid into channels of a coarser one; the reverse of {@link PixelShuffleOp}. Shapes:
 * x[N,C,spatial f…], y[N,C Πf,spatial…]. Dtype: as x.
 *
 * @param factors how much coarser each spatial axis becomes, each at least 1 and a divisor of its size
 */
public record PixelUnshuffle(List<Long> factors) implements Operator {
    /** Checks the factors. */
    public PixelUnshuffle {
        PixelShuffleOp.check("pixelUnshuffle", factors);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        boolean fits = x.rank() == factors.size() + 2;
        long[] d = x.dims();
        for (int i = 0; fits && i < factors.size(); i++) {
            fits = d[i + 2] == Shape.UNKNOWN || d[i + 2] % factors.get(i) == 0;
            d[i + 2] = d[i + 2] == Shape.UNKNOWN ? Shape.UNKNOWN : d[i + 2] / factors.get(i);
        }
        if (!fits) {
            throw new ShapeException("pixelUnshuffle: factors " + factors + " need x[N,C," + factors.size()
                    + " spatial axes that they divide], got x" + x);
        }
        d[1] *= Window.elements(factors);
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        int k = factors.size();
        long[] split = new long[2 * k + 2];
        long[] order = new long[2 * k + 2];
        split[0] = x.shape().dim(0);
        split[1] = x.shape().dim(1);
        order[1] = 1;
        for (int i = 0; i < k; i++) {
            split[2 + 2 * i] = x.shape().dim(2 + i) / factors.get(i);
            split[3 + 2 * i] = factors.get(i);
            order[2 + i] = 3 + 2 * i;
            order[2 + k + i] = 2 + 2 * i;
        }
        NDArray moved = Dispatch.one(new Transpose(LongStream.of(order).boxed().toList()), x.reshape(Shape.of(split)));
        return new NDArray[] {moved.reshape(infer(x.spec())[0].shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new PixelShuffleOp(factors), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
