package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.math.Elementwise;
import io.kiln.op.reduce.Reductions;

/**
 * Contrastive loss of two towers with the other samples of the batch as negatives: predictions are the vectors a and b of
 * both, one behind the other; with \(s_{ij} = a_i \cdot b_j / \tau\), \(-s_{ii} + \ln \sum_j e^{s_{ij}}\). Labels say which
 * samples have the same b, such as an item's number: these are no negatives of each other. Shapes: predictions [N,2n];
 * labels [N] or [N,1]. P. Covington et al., RecSys 2016; X. Yi et al., RecSys 2019.
 *
 * @param temperature \(\tau\), above 0
 * @param cosine whether vectors are normalised to length 1 first
 */
public record InBatchSoftmax(double temperature, boolean cosine) implements Loss {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public InBatchSoftmax {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("inBatchSoftmax: temperature must be > 0, got " + temperature);
        }
    }

    /** Uses the default attributes: {@code temperature = 0.1, cosine = true}. */
    public InBatchSoftmax() {
        this(0.1, true);
    }

    @Override
    public Shape labelRow(Shape prediction) {
        return Shape.of();
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        NDArray same = label.shape().rank() == 2 ? label : label.expandDims(-1);
        if (p.rank() != 2
                || p.dim(1) % 2 != 0
                || same.shape().rank() != 2
                || same.shape().dim(1) != 1) {
            throw new ShapeException(
                    "inBatchSoftmax: needs predictions[N,2n], two vectors in a row, and labels[N], got prediction" + p
                            + " and label" + label.shape());
        }
        long n = p.dim(1) / 2;
        NDArray a = vectors(prediction.slice(1, 0, n));
        NDArray b = vectors(prediction.slice(1, n, 2 * n));
        NDArray own = a.mul(b).sum(-1).div(temperature);
        NDArray equal = same.eq(same.squeeze(-1).expandDims(0)).cast(prediction.dtype());
        NDArray others = Views.products(a, b).div(temperature).add(equal.mul(Lists.out(equal.dtype())));
        return Elementwise.softplus(Reductions.logSumExp(others, 1).sub(own));
    }

    private NDArray vectors(NDArray x) {
        return cosine ? Views.normalised(x) : x;
    }
}
