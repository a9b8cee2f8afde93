package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.reduce.Reductions;

/**
 * Negative partial log-likelihood of Cox's proportional hazards, for survival times of which some are censored:
 * \(-\delta_i (\eta_i - \ln \sum_{t_j \ge t_i} e^{\eta_j})\) with log-risks \(\eta\), times t and events \(\delta\); ties as
 * N. Breslow. Those at risk are the samples of the same batch: choose large batches. Shapes: predictions [N] or [N,1];
 * labels [N,2], each a time and 1 for an event or 0 for a censored time. D. Cox, 1972; for networks J. Katzman et al., 2018.
 */
public record Cox() implements Loss {
    @Override
    public Shape labelRow(Shape prediction) {
        return Shape.of(2);
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray risk =
                prediction.shape().rank() == 2 && prediction.shape().dim(1) == 1 ? prediction.squeeze(-1) : prediction;
        Shape l = label.shape();
        if (risk.shape().rank() != 1 || l.rank() != 2 || l.dim(1) != 2) {
            throw new ShapeException("cox: needs log-risks[N] and labels[N,2] of time and event, got prediction"
                    + prediction.shape() + " and label" + l);
        }
        NDArray time = label.slice(1, 0, 1);
        NDArray event = label.slice(1, 1, 2).squeeze(-1).cast(risk.dtype());
        NDArray gone = time.expandDims(0).squeeze(-1).lt(time).cast(risk.dtype());
        NDArray atRisk = risk.expandDims(0).add(gone.mul(Lists.out(gone.dtype())));
        return Reductions.logSumExp(atRisk, 1).sub(risk).mul(event);
    }
}
