package io.kiln.spark.job;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.loss.Huber;
import io.kiln.nn.loss.L1;
import io.kiln.nn.loss.L2;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.Quantile;
import io.kiln.spark.model.NamedRecord;
import io.kiln.spark.model.Standardization;

/** The units of numbers that are learned minus their mean, divided by their deviation. A target of null leaves them as they are. */
final class TargetUnit {
    private TargetUnit() {}

    /** Whether targets may be standardised: the loss, as {@link NamedRecord} writes it, depends only on differences to them. */
    static boolean isStandardisable(String loss) {
        Loss l = NamedRecord.read(Loss.class, loss);
        return l instanceof L1 || l instanceof L2 || l instanceof Huber || l instanceof Quantile;
    }

    /** The loss of standardised targets. */
    static Loss loss(Loss loss, Standardization.Target target) {
        return target != null && loss instanceof Huber h ? new Huber(h.rho() / target.deviation()) : loss;
    }

    /** The factor that converts a loss of standardised targets to the targets' own unit. */
    static double ofLoss(Loss loss, Standardization.Target target) {
        if (target == null) {
            return 1;
        }
        return loss instanceof L2 ? target.deviation() * target.deviation() : target.deviation();
    }

    /** A network's outputs in the targets' own unit. */
    static NDArray own(NDArray outputs, Standardization.Target target) {
        return target == null ? outputs : outputs.mul(target.deviation()).add(target.mean());
    }

    /** A target as it is learned. */
    static double standardized(double value, Standardization.Target target) {
        return target == null ? value : (value - target.mean()) / target.deviation();
    }

    /** Targets as they are learned. */
    static NDArray standardized(NDArray targets, Standardization.Target target) {
        return target == null ? targets : targets.sub(target.mean()).div(target.deviation());
    }
}
