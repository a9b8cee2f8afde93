package io.kiln.nn.zoo;

import io.kiln.init.Initializer;
import io.kiln.init.Normal;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Flatten;
import io.kiln.nn.Sequential;

/**
 * A generator and a discriminator of 64×64 images. A. Radford, L. Metz, S. Chintala: Unsupervised representation learning with
 * deep convolutional generative adversarial networks, ICLR 2016.
 */
public final class Dcgan {
    private static final Initializer START = new Normal(0.02);

    private Dcgan() {}

    /**
     * Creates the generator, which makes images from noise.
     *
     * @param width channels of the layer before the last one; 64 in common use
     * @param channels channels of an image
     * @return z[N,n,1,1] to images[N,channels,64,64] in (-1, 1)
     */
    public static Block generator(long width, long channels) {
        check(width, channels);
        Sequential net = new Sequential();
        for (int i = 0; i < 4; i++) {
            Conv.Builder b = conv(Conv2D.transposedBuilder(), (8 >> i) * width);
            net.add((i == 0 ? b.stride(1).pad(0) : b).build())
                    .add(new BatchNorm())
                    .add(Activations.relu());
        }
        return net.add(conv(Conv2D.transposedBuilder(), channels).build()).add(Activations.tanh());
    }

    /**
     * Creates the discriminator, which distinguishes real from generated images.
     *
     * @param width channels of the first layer; 64 in common use
     * @return images[N,C,64,64] to scores[N,1] (logits)
     */
    public static Block discriminator(long width) {
        check(width, 1);
        Sequential net = new Sequential(conv(Conv2D.builder(), width).build(), Activations.leakyRelu(0.2));
        for (int i = 1; i < 4; i++) {
            net.add(conv(Conv2D.builder(), width << i).build())
                    .add(new BatchNorm())
                    .add(Activations.leakyRelu(0.2));
        }
        return net.add(conv(Conv2D.builder(), 1).stride(1).pad(0).build()).add(new Flatten());
    }

    private static Conv.Builder conv(Conv.Builder b, long channels) {
        return b.channels(channels).kernel(4).stride(2).pad(1).useBias(false).weightInitializer(START);
    }

    private static void check(long width, long channels) {
        if (width < 1 || channels < 1) {
            throw new IllegalArgumentException(
                    "dcgan: width and channels must be >= 1, got " + width + " and " + channels);
        }
    }
}
