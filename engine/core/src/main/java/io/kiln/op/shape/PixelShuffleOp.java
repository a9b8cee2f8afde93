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
 * Moves channels into positions of a finer grid (Shi et al., CVPR 2016): with factors f of k spatial axes, y[n,c,…,i f
 * + j,…] = x[n,c Πf + (j in row-major order),…,i,…]. Shapes: x[N,C Πf,spatial…], y[N,C,spatial f…]. Dtype: as x.
 *
 * @param factors how much finer each spatial axis becomes, each at least 1
 */
public record PixelShuffleOp(List<Long> factors) implements Operator {
    /** Checks the factors. */
    public PixelShuffleOp {
        check("pixelShuffle", factors);
    }

    static void check(String operation, List<Long> factors) {
        if (factors.isEmpty() || factors.stream().anyMatch(f -> f < 1)) {
            throw new IllegalArgumentException(
                    operation + ": needs one factor per spatial axis, each at least 1, got " + factors);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        long all = Window.elements(factors);
        if (x.rank() != factors.size() + 2 || x.dim(1) % all != 0) {
            throw new ShapeException("pixelShuffle: factors " + factors + " need x[N,C * " + all + "," + factors.size()
                    + " spatial axes], got x" + x);
        }
        long[] d = x.dims();
        d[1] /= all;
        for (int i = 0; i < factors.size(); i++) {
            d[i + 2] = d[i + 2] == Shape.UNKNOWN ? Shape.UNKNOWN : d[i + 2] * factors.get(i);
        }
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        int k = factors.size();
        long[] split = new long[2 * k + 2];
        long[] order = new long[2 * k + 2];
        split[0] = x.shape().dim(0);
        split[1] = x.shape().dim(1) / Window.elements(factors);
        order[1] = 1;
        for (int i = 0; i < k; i++) {
            split[2 + i] = factors.get(i);
            split[2 + k + i] = x.shape().dim(2 + i);
            order[2 + 2 * i] = 2 + k + i;
            order[3 + 2 * i] = 2 + i;
        }
        NDArray moved = Dispatch.one(new Transpose(LongStream.of(order).boxed().toList()), x.reshape(Shape.of(split)));
        return new NDArray[] {moved.reshape(infer(x.spec())[0].shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new PixelUnshuffle(factors), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
