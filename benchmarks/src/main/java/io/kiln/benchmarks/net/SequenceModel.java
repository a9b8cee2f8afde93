package io.kiln.benchmarks.net;

import io.kiln.benchmarks.net.Network.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A network over sequences with its first weights and its batches, the same for every engine. */
public enum SequenceModel {
    /**
     * A language model: 10,000 words, embeddings and two LSTM layers of 512, a map to the words; 32 rows of 35 words. Each
     * word follows from the one before it.
     */
    LSTM(32, 35, 0.5f),
    /**
     * A transformer encoder of 4 layers (768 features, 12 heads, 3,072 inside, exact GELU, normalised sums) over 8 sequences of 128
     * elements, whose mean is classified.
     */
    TRANSFORMER(8, 128, 0.002f);

    /** Words of the language model. */
    public static final int WORDS = 10_000;

    /** Features of embeddings and states of the language model. */
    public static final int HIDDEN = 512;

    /** LSTM layers. */
    public static final int LSTM_LAYERS = 2;

    /** Layers of the encoder. */
    public static final int LAYERS = 4;

    /** Features of the encoder. */
    public static final int SIZE = 768;

    /** Heads of the encoder. */
    public static final int HEADS = 12;

    /** Features inside the encoder's feed-forward parts. */
    public static final int INSIDE = 3072;

    /** Classes of the encoder's output. */
    public static final int CLASSES = 10;

    /** Batches that the steps take in turn. */
    public static final int BATCHES = 2;

    private static final int CYCLE = 10;

    private final int batch;
    private final int length;
    private final float learningRate;

    SequenceModel(int batch, int length, float learningRate) {
        this.batch = batch;
        this.length = length;
        this.learningRate = learningRate;
    }

    /** Learning rate of SGD with momentum {@link Network#MOMENTUM}. */
    public float learningRate() {
        return learningRate;
    }

    /** Rows of a batch. */
    public int batch() {
        return batch;
    }

    /** Elements of a row. */
    public int length() {
        return length;
    }

    /** Words [batch, length] of a batch of the language model. */
    public int[] words(int step) {
        return words(step, 0);
    }

    /** The words that follow those of {@link #words(int)}. */
    public int[] nextWords(int step) {
        return words(step, 1);
    }

    private int[] words(int step, int ahead) {
        int[] words = new int[batch * length];
        for (int row = 0; row < batch; row++) {
            int word = (7 * row + step % BATCHES) % CYCLE;
            for (int t = 0; t < length + ahead; t++) {
                if (t >= ahead) {
                    words[row * length + t - ahead] = word * (WORDS / CYCLE);
                }
                word = (word * 21 + 13) % CYCLE;
            }
        }
        return words;
    }

    /** Features [batch, length, SIZE] of a batch of the encoder, uniform in ±1.7. */
    public float[] features(int step) {
        Random random = new Random(31L + step % BATCHES);
        float[] features = new float[batch * length * SIZE];
        for (int i = 0; i < features.length; i++) {
            features[i] = 3.4f * random.nextFloat() - 1.7f;
        }
        return features;
    }

    /** Classes [batch] of a batch of the encoder. */
    public int[] classes(int step) {
        int[] classes = new int[batch];
        for (int row = 0; row < batch; row++) {
            classes[row] = (3 * row + step % BATCHES) % CLASSES;
        }
        return classes;
    }

    /**
     * All parameters. Matrices [out, in] are uniform in ±√(3 / in), the embedding in ±0.1, biases and shifts 0, scales 1; the same
     * on each call. The language model: embedding; per layer input weights, recurrent weights, input bias, recurrent bias, with
     * gates input, forget, candidate, output; weight and bias of the map. The encoder, per layer: weight and bias of queries, keys,
     * values and of the attention's output, scale and shift, weight and bias of both maps, scale and shift; weight and bias of the
     * classifier.
     */
    public List<Parameter> parameters() {
        Random random = new Random(17);
        List<Parameter> all = new ArrayList<>();
        if (this == LSTM) {
            all.add(FirstWeights.uniform(random, "embedding", 0.1f, WORDS, HIDDEN));
            for (int i = 0; i < LSTM_LAYERS; i++) {
                all.add(FirstWeights.matrix(random, "input" + i, 4 * HIDDEN, HIDDEN));
                all.add(FirstWeights.matrix(random, "recurrent" + i, 4 * HIDDEN, HIDDEN));
                all.add(FirstWeights.constant("input_bias" + i, 0, 4 * HIDDEN));
                all.add(FirstWeights.constant("recurrent_bias" + i, 0, 4 * HIDDEN));
            }
            FirstWeights.linear(all, random, "output", WORDS, HIDDEN);
            return all;
        }
        FirstWeights.encoder(all, random, LAYERS, SIZE, INSIDE);
        FirstWeights.linear(all, random, "output", CLASSES, SIZE);
        return all;
    }
}
