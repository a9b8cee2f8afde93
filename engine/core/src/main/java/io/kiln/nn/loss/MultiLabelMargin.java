package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.math.Elementwise;

/**
 * Hinge loss between the classes that a sample has and those that it does not have:
 * \(\frac1K \sum_{i \in Y} \sum_{j \notin Y} \max(0, 1 - (x_i - x_j))\). Shapes: predictions [N,K]; labels [N,K], 1 for
 * each class of the sample and 0 for the others. This is PyTorch's loss of the same name, whose labels list the classes
 * instead.
 */
public record MultiLabelMargin() implements Loss {
    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        if (p.rank() != 2) {
            throw new ShapeException(name() + ": needs predictions[N,classes], got prediction" + p);
        }
        NDArray y = Labels.like(name(), prediction, label);
        NDArray pairs = y.expandDims(2).mul(Elementwise.sub(1, y).expandDims(1));
        NDArray margin = Elementwise.sub(1, prediction.expandDims(2).sub(prediction.expandDims(1)));
        return margin.relu().mul(pairs).sum(1, 2).div(p.dim(1));
    }
}
