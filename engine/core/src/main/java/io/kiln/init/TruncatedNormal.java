package io.kiln.init;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Elementwise;
import io.kiln.op.random.RandomNormal;

/**
 * Normally distributed elements, redrawn while they are more than a given number of deviations from 0.
 *
 * @param sigma \(\sigma\), the deviation before truncation, at least 0
 * @param bound the number of deviations allowed, at least 1
 */
public record TruncatedNormal(double sigma, double bound) implements Initializer {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public TruncatedNormal {
        if (!(sigma >= 0) || Double.isInfinite(sigma) || !(bound >= 1)) {
            throw new IllegalArgumentException(
                    "truncatedNormal: sigma must be finite and >= 0, bound >= 1, got " + sigma + " and " + bound);
        }
    }

    /**
     * Limits elements to two deviations, as in BERT and in vision transformers.
     *
     * @param sigma the deviation before truncation
     */
    public TruncatedNormal(double sigma) {
        this(sigma, 2);
    }

    /** Uses deviation 0.02, limited to two deviations: J. Devlin et al., NAACL 2019. */
    public TruncatedNormal() {
        this(0.02);
    }

    @Override
    public NDArray create(Shape shape) {
        NDArray x = standard(shape);
        while (true) {
            NDArray inside = x.abs().le(bound);
            if (inside.cast(DType.FLOAT32).sum().item() == shape.size()) {
                return x.mul(sigma);
            }
            x = Elementwise.where(inside, x, standard(shape));
        }
    }

    private static NDArray standard(Shape shape) {
        return Dispatch.withoutGradient(new RandomNormal(shape, 0, 1, DType.FLOAT32));
    }
}
