package io.kiln.benchmarks.net;

import io.kiln.benchmarks.net.Network.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A sentence encoder of the size of all-MiniLM-L6: 30,522 words and 128 positions of 384, normalised; 6 transformer layers with 12
 * heads and 1,536 inside, exact GELU, normalised sums; the mean over the words.
 */
public final class MiniLm {

    /** Words. */
    public static final int WORDS = 30_522;

    /** Words of a sentence. */
    public static final int LENGTH = 128;

    /** Features. */
    public static final int SIZE = 384;

    /** Layers. */
    public static final int LAYERS = 6;

    /** Heads. */
    public static final int HEADS = 12;

    /** Features inside the feed-forward parts. */
    public static final int INSIDE = 1536;

    private MiniLm() {}

    /**
     * All parameters: table of words, table of positions, scale and shift of their sum, and the layers as
     * {@link SequenceModel#parameters} tells them.
     */
    public static List<Parameter> parameters() {
        Random random = new Random(17);
        List<Parameter> all = new ArrayList<>();
        all.add(FirstWeights.uniform(random, "words", 0.1f, WORDS, SIZE));
        all.add(FirstWeights.uniform(random, "positions", 0.1f, LENGTH, SIZE));
        FirstWeights.norm(all, "norm", SIZE);
        FirstWeights.encoder(all, random, LAYERS, SIZE, INSIDE);
        return all;
    }
}
