package io.kiln.spark.job;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.apache.commons.math3.random.Well19937c;

/**
 * Mix-up: each row of a batch is mixed with another one, \(x' = \lambda x_i + (1 - \lambda) x_j\), and the loss is
 * \(\lambda \ell(x', y_i) + (1 - \lambda) \ell(x', y_j)\), with \(\lambda \sim Beta(\alpha, \alpha)\) drawn for each
 * step. The other row is that at the same place from the end: rows are shuffled already. H. Zhang et al., ICLR 2018.
 *
 * @param weight \(\lambda\), an array of one element
 */
record Mixup(NDArray weight) {
    /** Draws a weight; equal seeds, equal weights. */
    static NDArray draw(double alpha, long seed) {
        double lambda = new BetaDistribution(new Well19937c(seed), alpha, alpha).sample();
        return NDArray.scalar(lambda, DType.FLOAT32);
    }

    /** The mean losses of a mixed batch, in the order of {@link Goal#each}, from the rows' shares in the mean; traced. */
    List<NDArray> means(
            UnaryOperator<NDArray[]> network, Goal goal, NDArray[] inputs, NDArray[] targets, NDArray shares) {
        NDArray rest = weight.neg().add(1);
        NDArray[] mixed = new NDArray[inputs.length];
        for (int i = 0; i < mixed.length; i++) {
            mixed[i] = inputs[i].mul(weight).add(reversed(inputs[i]).mul(rest));
        }
        NDArray[] others = new NDArray[targets.length];
        for (int i = 0; i < others.length; i++) {
            others[i] = reversed(targets[i]);
        }
        NDArray[] outputs = network.apply(mixed);
        List<NDArray> own = goal.each(outputs, targets);
        List<NDArray> other = goal.each(outputs, others);
        List<NDArray> means = new ArrayList<>();
        for (int i = 0; i < own.size(); i++) {
            NDArray ofOwn = own.get(i).mul(shares).sum();
            NDArray ofOther = other.get(i).mul(reversed(shares)).sum();
            means.add(ofOwn.mul(weight).add(ofOther.mul(rest)));
        }
        return means;
    }

    private static NDArray reversed(NDArray x) {
        return Movement.flip(x, 0);
    }
}
