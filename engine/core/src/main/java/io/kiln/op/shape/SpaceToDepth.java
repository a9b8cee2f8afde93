package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;

/**
 * Moves blocks of b × b positions into channels; the reverse of {@link DepthToSpace}. Shapes: x[N,C,H b,W b], y[N,C
 * b²,H,W]. Dtype: as x.
 *
 * @param block b, at least 1
 */
public record SpaceToDepth(long block) implements Operator {
    /** Checks the block. */
    public SpaceToDepth {
        DepthToSpace.check("spaceToDepth", block);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() != 4 || !divides(x.dim(2)) || !divides(x.dim(3))) {
            throw new ShapeException(
                    "spaceToDepth: block " + block + " needs x[N,C,H,W] whose H and W it divides, got x" + x);
        }
        return new Spec[] {
            new Spec(
                    Shape.of(
                            x.dim(0),
                            x.dim(1) == Shape.UNKNOWN ? Shape.UNKNOWN : Math.multiplyExact(x.dim(1), block * block),
                            over(x.dim(2)),
                            over(x.dim(3))),
                    inputs[0].dtype())
        };
    }

    private boolean divides(long size) {
        return size == Shape.UNKNOWN || size % block == 0;
    }

    private long over(long size) {
        return size == Shape.UNKNOWN ? size : size / block;
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Shape x = inputs[0].shape();
        NDArray split = inputs[0].reshape(x.dim(0), x.dim(1), x.dim(2) / block, block, x.dim(3) / block, block);
        NDArray moved = Dispatch.one(new Transpose(List.of(0L, 3L, 5L, 1L, 2L, 4L)), split);
        return new NDArray[] {moved.reshape(infer(inputs[0].spec())[0].shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new DepthToSpace(block), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
