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
 * Moves channels into blocks of b × b positions, the position slower than the channel: y[n,c,h b + i,w b + j] = x[n,(i
 * b + j) C + c,h,w], as ONNX's DepthToSpace in its mode DCR and MXNet's depth_to_space. ({@link PixelShuffleOp} has the
 * channel slower than the position.) Shapes: x[N,C b²,H,W], y[N,C,H b,W b]. Dtype: as x.
 *
 * @param block b, at least 1
 */
public record DepthToSpace(long block) implements Operator {
    /** Checks the block. */
    public DepthToSpace {
        check("depthToSpace", block);
    }

    static void check(String operation, long block) {
        if (block < 1) {
            throw new IllegalArgumentException(operation + ": block must be at least 1, got " + block);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        long squared = Math.multiplyExact(block, block);
        if (x.rank() != 4 || x.dim(1) == Shape.UNKNOWN || x.dim(1) % squared != 0) {
            throw new ShapeException("depthToSpace: block " + block + " needs x[N,C * " + squared + ",H,W], got x" + x);
        }
        return new Spec[] {
            new Spec(Shape.of(x.dim(0), x.dim(1) / squared, times(x.dim(2)), times(x.dim(3))), inputs[0].dtype())
        };
    }

    private long times(long size) {
        return size == Shape.UNKNOWN ? size : Math.multiplyExact(size, block);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Shape x = inputs[0].shape();
        NDArray split = inputs[0].reshape(x.dim(0), block, block, x.dim(1) / (block * block), x.dim(2), x.dim(3));
        NDArray moved = Dispatch.one(new Transpose(List.of(0L, 3L, 4L, 1L, 5L, 2L)), split);
        return new NDArray[] {moved.reshape(infer(inputs[0].spec())[0].shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new SpaceToDepth(block), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
