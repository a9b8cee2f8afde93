package io.kiln.nn.zoo;

import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Concurrent;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;

/**
 * Inception-v3 without the auxiliary classifier. C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna: Rethinking the
 * Inception architecture for computer vision, CVPR 2016. Images of 299×299.
 */
public final class InceptionV3 {
    private InceptionV3() {}

    /**
     * Creates a network.
     *
     * @param classes number of classes
     * @return x[N,3,299,299] to scores[N,classes]
     */
    public static Block of(long classes) {
        Layers.checkClasses("inception", classes);
        return new Stack()
                .add(
                        "stem",
                        new Sequential(
                                conv(32, 3, 2, 0),
                                conv(32, 3, 1, 0),
                                conv(64, 3, 1, 1),
                                Pool.max2D(3).stride(2),
                                conv(80, 1, 1, 0),
                                conv(192, 3, 1, 0),
                                Pool.max2D(3).stride(2)))
                .add("mixed35", new Sequential(mixedA(32), mixedA(64), mixedA(64)))
                .add("reduce17", reduceB())
                .add("mixed17", new Sequential(mixedC(128), mixedC(160), mixedC(160), mixedC(192)))
                .add("reduce8", reduceD())
                .add("mixed8", new Sequential(mixedE(), mixedE()))
                .add("pool", Pool.globalAverage())
                .add("dropout", new Dropout(0.5))
                .add("classifier", new Dense(classes));
    }

    private static Block mixedA(long pooled) {
        return new Concurrent(
                conv(64, 1, 1, 0),
                new Sequential(conv(48, 1, 1, 0), conv(64, 5, 1, 2)),
                new Sequential(conv(64, 1, 1, 0), conv(96, 3, 1, 1), conv(96, 3, 1, 1)),
                pooled(pooled));
    }

    private static Block reduceB() {
        return new Concurrent(
                conv(384, 3, 2, 0),
                new Sequential(conv(64, 1, 1, 0), conv(96, 3, 1, 1), conv(96, 3, 2, 0)),
                Pool.max2D(3).stride(2));
    }

    private static Block mixedC(long c) {
        return new Concurrent(
                conv(192, 1, 1, 0),
                new Sequential(conv(c, 1, 1, 0), row(c, 7), column(192, 7)),
                new Sequential(conv(c, 1, 1, 0), column(c, 7), row(c, 7), column(c, 7), row(192, 7)),
                pooled(192));
    }

    private static Block reduceD() {
        return new Concurrent(
                new Sequential(conv(192, 1, 1, 0), conv(320, 3, 2, 0)),
                new Sequential(conv(192, 1, 1, 0), row(192, 7), column(192, 7), conv(192, 3, 2, 0)),
                Pool.max2D(3).stride(2));
    }

    private static Block mixedE() {
        return new Concurrent(
                conv(320, 1, 1, 0),
                new Sequential(conv(384, 1, 1, 0), new Concurrent(row(384, 3), column(384, 3))),
                new Sequential(conv(448, 1, 1, 0), conv(384, 3, 1, 1), new Concurrent(row(384, 3), column(384, 3))),
                pooled(192));
    }

    private static Block pooled(long channels) {
        return new Sequential(Pool.average2D(3).stride(1).pad(1), conv(channels, 1, 1, 0));
    }

    private static Block conv(long channels, long kernel, long stride, long pad) {
        return norm(Layers.conv(channels, kernel, stride, pad));
    }

    private static Block row(long channels, long n) {
        return norm(Conv2D.builder()
                .channels(channels)
                .kernel(1, n)
                .pad(0, n / 2)
                .useBias(false)
                .weightInitializer(Layers.HE)
                .build());
    }

    private static Block column(long channels, long n) {
        return norm(Conv2D.builder()
                .channels(channels)
                .kernel(n, 1)
                .pad(n / 2, 0)
                .useBias(false)
                .weightInitializer(Layers.HE)
                .build());
    }

    private static Block norm(Block conv) {
        return new Sequential(conv, new BatchNorm(0.9, 1e-3), Activations.relu());
    }
}
