package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.SqueezeExcite;
import io.kiln.op.math.Elementwise;

/**
 * EfficientNet-B0. M. Tan, Q. Le: EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019.
 * Without stochastic depth.
 */
public final class EfficientNet {
    private EfficientNet() {}

    /**
     * Creates the network B0.
     *
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block b0(long classes) {
        Layers.checkClasses("efficientnet", classes);
        Sequential features = new Sequential(Layers.convNorm(Layers.conv(32, 3, 2, 1), Activations.silu()));
        // Expansion, kernel, stride of the first, channels, repetitions: table 1 of the paper.
        long[][] rows = {
            {1, 3, 1, 16, 1},
            {6, 3, 2, 24, 2},
            {6, 5, 2, 40, 2},
            {6, 3, 2, 80, 3},
            {6, 5, 1, 112, 3},
            {6, 5, 2, 192, 4},
            {6, 3, 1, 320, 1}
        };
        long in = 32;
        for (long[] row : rows) {
            for (int i = 0; i < row[4]; i++) {
                long expanded = row[0] * in;
                features.add(new InvertedResidual(
                        in,
                        expanded,
                        row[3],
                        row[1],
                        i == 0 ? row[2] : 1,
                        Activations::silu,
                        new SqueezeExcite(expanded, Math.max(1, in / 4), Elementwise::silu, NDArray::sigmoid),
                        BatchNorm::new));
                in = row[3];
            }
        }
        features.add(Layers.convNorm(Layers.conv(1280, 1, 1, 0), Activations.silu()));
        return new Stack()
                .add("features", features)
                .add("pool", Pool.globalAverage())
                .add("dropout", new Dropout(0.2))
                .add("classifier", new Dense(classes));
    }
}
