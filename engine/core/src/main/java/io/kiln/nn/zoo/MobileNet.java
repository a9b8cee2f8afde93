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
import io.kiln.op.activation.ActivationFunctions;
import java.util.function.Supplier;

/**
 * Networks of depthwise separable convolutions for small devices. Version 1: A. Howard et al.: MobileNets, 2017.
 * Version 2: M. Sandler et al.: MobileNetV2: inverted residuals and linear bottlenecks, CVPR 2018. Version 3: A. Howard
 * et al.: Searching for MobileNetV3, ICCV 2019. Versions 2 and 3 are as in torchvision.
 */
public final class MobileNet {
    private MobileNet() {}

    /**
     * Creates a network of version 1.
     *
     * @param width factor on all numbers of channels; 1 in the paper's main network
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block v1(double width, long classes) {
        check(width, classes);
        Sequential features = new Sequential(Layers.convNorm(Layers.conv(v1(32, width), 3, 2, 1), Activations.relu()));
        long[][] rows = {
            {64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, {512, 1}, {512, 1}, {512, 1}, {512, 1}, {512, 1},
            {1024, 2}, {1024, 1}
        };
        long in = v1(32, width);
        for (long[] row : rows) {
            long out = v1(row[0], width);
            features.add(Layers.convNorm(Layers.conv(in, 3, row[1], 1, in), Activations.relu()));
            features.add(Layers.convNorm(Layers.conv(out, 1, 1, 0), Activations.relu()));
            in = out;
        }
        return new Stack()
                .add("features", features)
                .add("pool", Pool.globalAverage())
                .add("classifier", new Dense(classes));
    }

    private static long v1(long channels, double width) {
        return Math.max(1, (long) (channels * width));
    }

    /**
     * Creates a network of version 2.
     *
     * @param width factor on all numbers of channels; 1 in the paper's main network
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block v2(double width, long classes) {
        check(width, classes);
        long in = Layers.toEight(32 * width);
        Sequential features = new Sequential(Layers.convNorm(Layers.conv(in, 3, 2, 1), Activations.relu6()));
        // Expansion, channels, repetitions, stride of the first: table 2 of the paper.
        long[][] rows = {
            {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
        };
        for (long[] row : rows) {
            long out = Layers.toEight(row[1] * width);
            for (int i = 0; i < row[2]; i++) {
                features.add(new InvertedResidual(
                        in, row[0] * in, out, 3, i == 0 ? row[3] : 1, Activations::relu6, null, BatchNorm::new));
                in = out;
            }
        }
        features.add(
                Layers.convNorm(Layers.conv(Layers.toEight(1280 * Math.max(1, width)), 1, 1, 0), Activations.relu6()));
        return new Stack()
                .add("features", features)
                .add("pool", Pool.globalAverage())
                .add("dropout", new Dropout(0.2))
                .add("classifier", new Dense(classes));
    }

    /**
     * Creates the large network of version 3.
     *
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block v3Large(long classes) {
        // Kernel, expanded channels, channels, squeeze-excite, hard swish, stride: table 1 of the paper.
        return v3(
                new long[][] {
                    {3, 16, 16, 0, 0, 1},
                    {3, 64, 24, 0, 0, 2},
                    {3, 72, 24, 0, 0, 1},
                    {5, 72, 40, 1, 0, 2},
                    {5, 120, 40, 1, 0, 1},
                    {5, 120, 40, 1, 0, 1},
                    {3, 240, 80, 0, 1, 2},
                    {3, 200, 80, 0, 1, 1},
                    {3, 184, 80, 0, 1, 1},
                    {3, 184, 80, 0, 1, 1},
                    {3, 480, 112, 1, 1, 1},
                    {3, 672, 112, 1, 1, 1},
                    {5, 672, 160, 1, 1, 2},
                    {5, 960, 160, 1, 1, 1},
                    {5, 960, 160, 1, 1, 1}
                },
                960,
                1280,
                classes);
    }

    /**
     * Creates the small network of version 3.
     *
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block v3Small(long classes) {
        // Table 2 of the paper, columns as above.
        return v3(
                new long[][] {
                    {3, 16, 16, 1, 0, 2},
                    {3, 72, 24, 0, 0, 2},
                    {3, 88, 24, 0, 0, 1},
                    {5, 96, 40, 1, 1, 2},
                    {5, 240, 40, 1, 1, 1},
                    {5, 240, 40, 1, 1, 1},
                    {5, 120, 48, 1, 1, 1},
                    {5, 144, 48, 1, 1, 1},
                    {5, 288, 96, 1, 1, 2},
                    {5, 576, 96, 1, 1, 1},
                    {5, 576, 96, 1, 1, 1}
                },
                576,
                1024,
                classes);
    }

    private static Block v3(long[][] rows, long last, long hidden, long classes) {
        check(1, classes);
        long in = 16;
        Sequential features = new Sequential(v3Norm(Layers.conv(in, 3, 2, 1), Activations.hardSwish()));
        for (long[] row : rows) {
            Supplier<Block> activation = row[4] == 1 ? Activations::hardSwish : Activations::relu;
            SqueezeExcite squeeze = row[3] == 0
                    ? null
                    : new SqueezeExcite(
                            row[1], Layers.toEight(row[1] / 4.0), NDArray::relu, ActivationFunctions::hardSigmoid);
            features.add(
                    new InvertedResidual(in, row[1], row[2], row[0], row[5], activation, squeeze, MobileNet::v3Norm));
            in = row[2];
        }
        features.add(v3Norm(Layers.conv(last, 1, 1, 0), Activations.hardSwish()));
        return new Stack()
                .add("features", features)
                .add("pool", Pool.globalAverage())
                .add("hidden", new Sequential(new Dense(hidden), Activations.hardSwish(), new Dropout(0.2)))
                .add("classifier", new Dense(classes));
    }

    private static BatchNorm v3Norm() {
        return new BatchNorm(0.99, 1e-3);
    }

    private static Block v3Norm(Block conv, Block activation) {
        return new Sequential(conv, v3Norm(), activation);
    }

    private static void check(double width, long classes) {
        Layers.checkClasses("mobilenet", classes);
        if (!(width > 0 && width <= 4)) {
            throw new IllegalArgumentException("mobilenet: width must be above 0 and at most 4, got " + width);
        }
    }
}
