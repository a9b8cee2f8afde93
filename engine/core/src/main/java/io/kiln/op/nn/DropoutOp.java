package io.kiln.op.nn;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Alias;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.random.RandomOps;

/**
 * Inverted dropout (Srivastava et al. 2014): in train mode each element becomes 0 with probability rate and is
 * otherwise divided by 1 − rate; in predict mode y = x. Shapes: y as x. The second output is the mask by which x was
 * multiplied.
 *
 * @param rate probability of an element being dropped, 0 ≤ rate &lt; 1
 */
public record DropoutOp(double rate) implements Stochastic {
    /**
     * Checks the rate.
     *
     * @throws IllegalArgumentException if it is outside [0, 1)
     */
    public DropoutOp {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("dropout: rate must be at least 0 and below 1, got " + rate);
        }
    }

    @Override
    public boolean draws() {
        return rate > 0;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {inputs[0], inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        return new NDArray[] {dy == null ? null : dy.mul(c.output(1))};
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray x = in[0];
        if (rate == 0 || !Autograd.isTraining()) {
            return new NDArray[] {
                Dispatch.one(new Alias(), x),
                x.factory().ones(Shape.scalar(), x.dtype()).broadcastTo(x.shape())
            };
        }
        NDArray mask = RandomOps.bernoulliLike(x, 1 - rate).mul(1 / (1 - rate));
        return new NDArray[] {x.mul(mask), mask};
    }
}
