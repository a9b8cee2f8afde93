package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Role;
import io.kiln.op.math.Elementwise;
import io.kiln.op.reduce.Reductions;
import java.util.Arrays;

/**
 * Normalisation of each sample over groups of channels: \(y = \gamma_c (x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta_c\),
 * with mean and (biased) variance over a group's channels and all spatial axes. Shapes: x[N,C,…], y as x, gamma and beta
 * [C]. Y. Wu, K. He, ECCV 2018. With as many groups as channels it is {@link InstanceNorm}.
 */
public final class GroupNorm extends Block {
    private final long groups;
    private final double epsilon;
    private final Parameter gamma =
            addParameter(new Parameter("gamma", Role.GAMMA, Initializer.defaultFor(Role.GAMMA)));
    private final Parameter beta = addParameter(new Parameter("beta", Role.BETA, Initializer.defaultFor(Role.BETA)));

    /**
     * Creates a layer with epsilon 1e-5.
     *
     * @param groups number of groups, at least 1; must divide the channels
     */
    public GroupNorm(long groups) {
        this(groups, 1e-5);
    }

    /**
     * Creates a layer.
     *
     * @param groups number of groups, at least 1; must divide the channels
     * @param epsilon added to the variance, above 0
     */
    public GroupNorm(long groups, double epsilon) {
        if (groups < 1 || !(epsilon > 0)) {
            throw new IllegalArgumentException("groupNorm: groups must be >= 1 and epsilon above 0, got groups "
                    + groups + ", epsilon " + epsilon);
        }
        this.groups = groups;
        this.epsilon = epsilon;
    }

    @Override
    public NDArray forward(NDArray x) {
        Shape channels = channels("groupNorm", x, groups);
        return normalise(
                x,
                groups,
                epsilon,
                gamma.complete(channels).data(),
                beta.complete(channels).data());
    }

    static Shape channels(String layer, NDArray x, long groups) {
        Shape s = x.shape();
        if (s.rank() < 2 || s.dim(1) == Shape.UNKNOWN || s.dim(1) % groups != 0) {
            throw new ShapeException(
                    layer + ": needs x[N,C,…] with known channels that groups=" + groups + " divides, got x" + s);
        }
        return Shape.of(s.dim(1));
    }

    static NDArray normalise(NDArray x, long groups, double epsilon, NDArray gamma, NDArray beta) {
        Shape s = x.shape();
        long[] like = s.dims();
        long members = 1;
        for (int i = 1; i < like.length; i++) {
            members *= like[i];
        }
        like[0] = -1;
        long[] perChannel = new long[s.rank()];
        Arrays.fill(perChannel, 1);
        perChannel[1] = s.dim(1);
        NDArray rows = x.reshape(-1, groups, members / groups);
        NDArray centred = rows.sub(Reductions.mean(rows, true, 2));
        NDArray variance = Reductions.mean(centred.square(), true, 2);
        return centred.mul(Elementwise.rsqrt(variance.add(epsilon)))
                .reshape(like)
                .mul(gamma.reshape(perChannel))
                .add(beta.reshape(perChannel));
    }
}
