package io.kiln.op.vision;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.linalg.Linalg;

/**
 * Points of a regular grid under an affine map, for {@link GridSample}: grid[n,i,j,:] = theta[n] (h_j, v_i, 1) with h and v
 * evenly spaced over -1 to 1 (Jaderberg et al., NeurIPS 2015). Shapes: theta[N,2,3], grid[N,height,width,2]. Dtype: as theta,
 * floating.
 *
 * @param height rows of the grid, at least 1
 * @param width columns of the grid, at least 1
 * @param alignCorners whether -1 and 1 are centres of the outermost elements, instead of their outer edges
 */
public record AffineGrid(long height, long width, boolean alignCorners) implements Operator {
    /** Checks the sizes. */
    public AffineGrid {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "affineGrid: height and width must be at least 1, got " + height + " and " + width);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape theta = inputs[0].shape();
        if (theta.rank() != 3
                || !Shape.of(2, 3).accepts(theta.without(0))
                || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("affineGrid: expected floating theta[N,2,3], got " + inputs[0]);
        }
        return new Spec[] {new Spec(Shape.of(theta.dim(0), height, width, 2), inputs[0].dtype())};
    }

    /** The points (h, v, 1), of shape [height * width, 3]. */
    private NDArray points(ArrayFactory beside, DType dtype) {
        double[] p = new double[Math.toIntExact(3 * height * width)];
        for (int i = 0; i < p.length / 3; i++) {
            p[3 * i] = place(i % width, width);
            p[3 * i + 1] = place(i / width, height);
            p[3 * i + 2] = 1;
        }
        return beside.of(Shape.of(height * width, 3), p).cast(dtype);
    }

    private double place(long i, long n) {
        return alignCorners ? n == 1 ? 0 : 2.0 * i / (n - 1) - 1 : (2.0 * i + 1) / n - 1;
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray theta = inputs[0];
        NDArray grid = points(theta.factory(), theta.dtype()).matmul(Linalg.matrixTranspose(theta));
        return new NDArray[] {grid.reshape(theta.shape().dim(0), height, width, 2)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray flat = dy.reshape(dy.shape().dim(0), height * width, 2);
        return new NDArray[] {Linalg.matrixTranspose(flat).matmul(points(dy.factory(), dy.dtype()))};
    }
}
