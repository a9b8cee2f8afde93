package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.init.Initializer;
import io.kiln.init.Normal;
import io.kiln.init.Ones;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Role;
import io.kiln.op.StopGradient;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Elementwise;
import io.kiln.op.reduce.Reductions;
import java.util.function.UnaryOperator;

/** A layer's weight and the parameters from which it is computed. */
final class FormedWeight {
    private static final double LEAST = 1e-24;

    private final WeightForm form;
    private final Parameter weight;
    private final Parameter beside;

    /** Creates and registers the parameters. */
    FormedWeight(WeightForm form, Initializer initializer, UnaryOperator<Parameter> register) {
        this.form = form;
        weight = register.apply(new Parameter("weight", Role.WEIGHT, initializer));
        beside = switch (form) {
            case PLAIN -> null;
            case WEIGHT_NORM -> register.apply(new Parameter("gain", Role.GAMMA, new Ones()));
            case SPECTRAL_NORM -> register.apply(new Parameter("direction", Role.RUNNING_MEAN, new Normal(1)));
        };
    }

    /** The weight for an input that requires this shape. */
    NDArray data(Shape shape) {
        NDArray v = weight.complete(shape).data();
        if (form == WeightForm.PLAIN) {
            return v;
        }
        long rows = shape.dim(0);
        beside.complete(Shape.of(rows));
        NDArray matrix = v.reshape(rows, shape.size() / Math.max(1, rows));
        return (form == WeightForm.WEIGHT_NORM ? normalised(matrix, rows) : spectral(matrix)).reshape(shape);
    }

    private NDArray normalised(NDArray matrix, long rows) {
        NDArray squares = Reductions.sum(matrix.square(), true, 1).clip(LEAST, Double.POSITIVE_INFINITY);
        return matrix.mul(beside.data().reshape(rows, 1).mul(Elementwise.rsqrt(squares)));
    }

    private NDArray spectral(NDArray matrix) {
        NDArray fixed = Dispatch.one(new StopGradient(), matrix);
        // The direction is copied, because the tape must not see it change.
        NDArray left = beside.data().copy().reshape(-1, 1);
        NDArray right = unit(Linalg.matrixTranspose(fixed).matmul(left));
        left = unit(fixed.matmul(right));
        if (matrix.isTraced() || Autograd.isTraining()) {
            beside.update(left.reshape(-1));
        }
        return matrix.div(Linalg.matrixTranspose(left).matmul(matrix.matmul(right)));
    }

    private static NDArray unit(NDArray x) {
        return x.mul(Elementwise.rsqrt(x.square().sum().clip(LEAST, Double.POSITIVE_INFINITY)));
    }
}
