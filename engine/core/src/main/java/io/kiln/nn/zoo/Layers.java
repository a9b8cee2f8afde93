package io.kiln.nn.zoo;

import io.kiln.init.Initializer;
import io.kiln.init.Msra;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;

/** Layers shared by several networks. */
final class Layers {
    /** He, Zhang, Ren, Sun 2015, for layers followed by a ReLU. */
    static final Initializer HE = new Msra();

    private Layers() {}

    /** A convolution without bias over a square window. */
    static Conv conv(long channels, long kernel, long stride, long pad) {
        return conv(channels, kernel, stride, pad, 1);
    }

    static Conv conv(long channels, long kernel, long stride, long pad, long groups) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(kernel)
                .stride(stride)
                .pad(pad)
                .groups(groups)
                .useBias(false)
                .weightInitializer(HE)
                .build();
    }

    /** A convolution with bias and ReLU. */
    static Conv convRelu(long channels, long kernel, long stride, long pad) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(kernel)
                .stride(stride)
                .pad(pad)
                .activation(Activation.RELU)
                .weightInitializer(HE)
                .build();
    }

    static Dense denseRelu(long units) {
        return new Dense(units, Activation.RELU);
    }

    /** Dense layers with ReLU, the last one without if {@code open}. */
    static Sequential perceptron(boolean open, long... units) {
        Sequential s = new Sequential();
        for (int i = 0; i < units.length; i++) {
            s.add(open && i == units.length - 1 ? new Dense(units[i]) : denseRelu(units[i]));
        }
        return s;
    }

    /** A convolution, batch normalisation and the following block; {@code after} may be null. */
    static Sequential convNorm(Conv conv, Block after) {
        Sequential s = new Sequential(conv, new BatchNorm());
        return after == null ? s : s.add(after);
    }

    /** Rounds to a multiple of 8 that is at least nine tenths, as MobileNets do with their widths. */
    static long toEight(double channels) {
        long rounded = Math.max(8, (long) (channels + 4) / 8 * 8);
        return rounded < 0.9 * channels ? rounded + 8 : rounded;
    }

    static void checkClasses(String network, long classes) {
        if (classes < 1) {
            throw new IllegalArgumentException(network + ": classes must be >= 1, got " + classes);
        }
    }
}
