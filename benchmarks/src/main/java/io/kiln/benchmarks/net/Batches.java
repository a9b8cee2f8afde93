package io.kiln.benchmarks.net;

import io.kiln.examples.Mnist;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The batches that the steps of all engines take in turn.
 *
 * @param pixels of each batch, row-major
 * @param labels of each batch
 */
public record Batches(List<float[]> pixels, List<int[]> labels) {

    /** The first {@link Network#BATCHES} batches of the training digits. */
    public static Batches of(Network network) throws IOException {
        Mnist digits = Mnist.bundled(Mnist.Part.TRAIN);
        List<float[]> pixels = new ArrayList<>();
        List<int[]> labels = new ArrayList<>();
        for (int i = 0; i < Network.BATCHES; i++) {
            float[] some = new float[network.batch() * Mnist.PIXELS];
            int[] theirs = new int[network.batch()];
            for (int row = 0; row < network.batch(); row++) {
                int digit = i * network.batch() + row;
                System.arraycopy(digits.pixels(digit), 0, some, row * Mnist.PIXELS, Mnist.PIXELS);
                theirs[row] = digits.label(digit);
            }
            pixels.add(some);
            labels.add(theirs);
        }
        return new Batches(pixels, labels);
    }

    /**
     * Mean cross-entropy of a batch, from an engine's output in Java.
     *
     * @param logits [batch, 10], row-major
     * @param labels of the batch
     */
    public static double crossEntropy(float[] logits, int[] labels) {
        int classes = logits.length / labels.length;
        double loss = 0;
        for (int row = 0; row < labels.length; row++) {
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
