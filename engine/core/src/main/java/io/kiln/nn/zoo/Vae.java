package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomOps;
import io.kiln.op.reduce.Reductions;

/**
 * A variational autoencoder of flat data in [0, 1]. D. Kingma, M. Welling: Auto-encoding variational Bayes, ICLR 2014.
 * {@link #forwardAll} returns logits of the reconstruction[N,features], and mean[N,latent] and log-variance[N,latent]
 * of the code, which {@link #divergence} takes; the code is drawn as \(z = \mu + \epsilon e^{\log\sigma^2 / 2}\).
 */
public final class Vae extends Block {
    private final Block encoder;
    private final Block mean;
    private final Block logVariance;
    private final Block decoder;

    /**
     * Creates a network.
     *
     * @param features length of the data; 784 for 28×28 images
     * @param hidden units of the hidden layers; 400 in common use
     * @param latent length of the code; 20 in common use
     */
    public Vae(long features, long hidden, long latent) {
        encoder = addChild("encoder", new Dense(hidden, Activation.RELU));
        mean = addChild("mean", new Dense(latent));
        logVariance = addChild("log_variance", new Dense(latent));
        decoder = addChild("decoder", new Sequential(new Dense(hidden, Activation.RELU), new Dense(features)));
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray h = encoder.call(inputs[0]);
        NDArray mu = mean.call(h);
        NDArray logVar = logVariance.call(h);
        NDArray z = mu.add(RandomOps.normalLike(mu, 0, 1).mul(logVar.mul(0.5).exp()));
        return new NDArray[] {decoder.call(z), mu, logVar};
    }

    /**
     * Decodes codes.
     *
     * @param z codes[N,latent]
     * @return logits[N,features]
     */
    public NDArray decode(NDArray z) {
        return decoder.call(z);
    }

    /**
     * The Kullback–Leibler divergence of the code from the standard normal distribution:
     * \(-\tfrac12 \sum (1 + \log\sigma^2 - \mu^2 - \sigma^2)\).
     *
     * @param mean second output
     * @param logVariance third output
     * @return one number per sample [N]
     */
    public static NDArray divergence(NDArray mean, NDArray logVariance) {
        return Reductions.sum(logVariance.add(1).sub(mean.square()).sub(logVariance.exp()), 1)
                .mul(-0.5);
    }
}
