package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.nn.Neural;

/**
 * Cross-entropy of which item of a list comes first: \(-\sum_j q_j \ln p_j\) with \(q = \mathrm{softmax}(y)\) of the
 * relevances and \(p = \mathrm{softmax}(s)\) of the scores. Shapes: scores [N,L] or [N,L,1]; labels [N,L], relevances of at
 * least 0, or below 0 where a list has ended. Z. Cao et al., ICML 2007.
 */
public record ListNet() implements Loss {
    @Override
    public Shape labelRow(Shape prediction) {
        return prediction.rank() == 2 ? prediction.without(-1) : prediction;
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray s = Lists.scores(name(), prediction);
        NDArray y = Labels.like(name(), s, label);
        NDArray members = Lists.members(y);
        NDArray out = members.neg().add(1).mul(Lists.out(members.dtype()));
        NDArray q = Neural.softmax(y.add(out), -1).mul(members);
        return q.mul(Neural.logSoftmax(s.add(out), -1)).sum(-1).neg();
    }
}
