package io.kiln.spark.model;

import io.kiln.init.Zeros;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Functional;
import io.kiln.nn.Merge;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.util.List;

/**
 * The network of the multilayer perceptrons: \(y = W x + b + f(x)\) with hidden layers \(f\) of rectified linear units. The
 * linear part serves where the relation is linear, as in wide and deep learning (H.-T. Cheng et al., DLRS 2016).
 * Training begins with a linear model: the last weights of \(f\) are 0 at first.
 */
public final class MlpNetwork {
    /** Units of the hidden layer by default. */
    public static final int HIDDEN = 64;

    /** The most features that are standardised by default. */
    public static final int WIDEST_STANDARDIZED = 1024;

    private MlpNetwork() {}

    /**
     * Makes the network.
     *
     * @param hidden sizes of the hidden layers; empty for a linear model
     * @param outputs number of outputs
     * @param dropout share of a hidden layer's outputs that training leaves out
     * @return the network
     */
    public static Block of(List<Integer> hidden, long outputs, double dropout) {
        if (hidden.isEmpty()) {
            return new Dense(outputs);
        }
        Block[] layers = new Block[hidden.size() * (dropout > 0 ? 2 : 1) + 1];
        int n = 0;
        for (int size : hidden) {
            layers[n++] = new Dense(size, Activation.RELU);
            if (dropout > 0) {
                layers[n++] = new Dropout(dropout);
            }
        }
        layers[n] = Dense.builder()
                .units(outputs)
                .useBias(false)
                .weightInitializer(new Zeros())
                .build();
        return new Functional("features")
                .add("linear", new Dense(outputs), "features")
                .add("hidden", new Sequential(layers), "features")
                .add("sum", Merge.sum(), "linear", "hidden");
    }
}
