package io.kiln.benchmarks.net;

import io.kiln.examples.Mnist;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The batches that the steps of all engines take in turn.
 *
 * @param inputs of each batch, row-major
 * @param labels of each batch
 */
public record Batches(List<float[]> inputs, List<int[]> labels) {

    /**
     * The batches of a network: training digits, scaled to the size of its images and the same in each channel; or pairs of
     * row numbers of which 19 of 20 are liked.
     */
    public static Batches of(Network network) throws IOException {
        return network.task() == Network.Task.CLASSES ? digits(network) : pairs(network);
    }

    private static Batches digits(Network network) throws IOException {
        Mnist digits = Mnist.bundled(Mnist.Part.TRAIN);
        List<float[]> inputs = new ArrayList<>();
        List<int[]> labels = new ArrayList<>();
        long[] shape = network.inputShape();
        for (int i = 0; i < network.batches(); i++) {
            int[] theirs = new int[network.batch()];
            int size = shape.length == 2 ? Mnist.PIXELS : (int) (shape[1] * shape[2] * shape[3]);
            float[] some = new float[network.batch() * size];
            for (int row = 0; row < network.batch(); row++) {
                int digit = i * network.batch() + row;
                float[] pixels = digits.pixels(digit);
                if (size == Mnist.PIXELS) {
                    System.arraycopy(pixels, 0, some, row * size, size);
                } else {
                    scale(pixels, some, row * size, (int) shape[1], (int) shape[2]);
                }
                theirs[row] = digits.label(digit);
            }
            inputs.add(some);
            labels.add(theirs);
        }
        return new Batches(inputs, labels);
    }

    /** By the nearest pixel. */
    private static void scale(float[] digit, float[] to, int at, int channels, int side) {
        int from = (int) Math.sqrt(digit.length);
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    to[at + (c * side + y) * side + x] = digit[y * from / side * from + x * from / side];
                }
            }
        }
    }

    private static Batches pairs(Network network) {
        Random random = new Random(5);
        Layer.Embeddings tables = (Layer.Embeddings) network.layers().get(0);
        List<float[]> inputs = new ArrayList<>();
        List<int[]> labels = new ArrayList<>();
        for (int i = 0; i < network.batches(); i++) {
            float[] some = new float[2 * network.batch()];
            int[] theirs = new int[network.batch()];
            for (int row = 0; row < theirs.length; row++) {
                some[2 * row] = random.nextInt(tables.rows());
                some[2 * row + 1] = random.nextInt(tables.rows());
                theirs[row] = random.nextInt(20) == 0 ? 0 : 1;
            }
            inputs.add(some);
            labels.add(theirs);
        }
        return new Batches(inputs, labels);
    }

    /**
     * Mean cross-entropy of a batch, from an engine's output in Java.
     *
     * @param logits [batch, classes], row-major; binary cross-entropy for one of them
     * @param labels of the batch
     */
    public static double crossEntropy(float[] logits, int[] labels) {
        int classes = logits.length / labels.length;
        double loss = 0;
        for (int row = 0; classes == 1 && row < labels.length; row++) {
            loss += Math.log1p(Math.exp(labels[row] == 1 ? -logits[row] : logits[row]));
        }
        for (int row = 0; classes > 1 && row < labels.length; row++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, logits[row * classes + c]);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(logits[row * classes + c] - max);
            }
            loss += Math.log(sum) + max - logits[row * classes + labels[row]];
        }
        return loss / labels.length;
    }
}
