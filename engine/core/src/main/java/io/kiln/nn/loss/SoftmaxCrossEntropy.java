package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Dispatch;
import io.kiln.op.LogSoftmax;
import io.kiln.op.Neural;

/**
 * Cross-entropy of softmax probabilities, from logits along the last axis: \(-\ln p_y\) for classes, or
 * \(-\sum_k y_k \ln p_k\) for distributions. Shapes: predictions [N,…,K]; labels [N,…] (or [N,…,1]) with classes 0..K-1 of any
 * dtype, or distributions [N,…,K]. (With K = 1 a label of shape [N,1] is a class.)
 */
public record SoftmaxCrossEntropy() implements Loss {
    @Override
    public NDArray compute(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        if (p.rank() < 2) {
            throw new ShapeException(name() + ": needs predictions[N,…,classes], got prediction" + p);
        }
        if (label.shape().rank() == p.rank() && label.shape().dim(-1) != 1) {
            NDArray y = Labels.like(name(), prediction, label);
            return Labels.mean(
                    Dispatch.one(new LogSoftmax(-1), prediction).mul(y).sum(-1).neg());
        }
        return Labels.mean(Neural.softmaxCrossEntropy(prediction, Labels.classes(name(), prediction, label)));
    }
}
