package io.kiln.nn.transformer;

/**
 * The settings of the layers of an encoder or a decoder.
 *
 * <pre>{@code
 * TransformerSettings.of(768, 12, 3072).with(FeedForward.Kind.GELU).normalisedFirst().withDropout(0.1)
 * }</pre>
 *
 * <p>Immutable: each method returns new settings.
 */
public final class TransformerSettings {
    private final long size;
    private final long heads;
    private final long hidden;
    private long keyHeads;
    private FeedForward.Kind kind = FeedForward.Kind.RELU;
    private boolean preNorm;
    private double dropout;
    private double epsilon = 1e-5;
    private boolean useBias = true;
    private boolean causal;
    private long rotary;

    private TransformerSettings(long size, long heads, long hidden) {
        this.size = size;
        this.heads = heads;
        this.hidden = hidden;
        keyHeads = heads;
    }

    private TransformerSettings(TransformerSettings s) {
        this(s.size, s.heads, s.hidden);
        keyHeads = s.keyHeads;
        kind = s.kind;
        preNorm = s.preNorm;
        dropout = s.dropout;
        epsilon = s.epsilon;
        useBias = s.useBias;
        causal = s.causal;
        rotary = s.rotary;
    }

    /**
     * Returns the default settings: ReLU, normalisation of sums, no dropout, epsilon 1e-5, biases, as many key heads as
     * heads, no rotary positions, not causal.
     *
     * @param size features of a sequence
     * @param heads number of attention heads
     * @param hidden features inside the feed-forward part
     * @return the settings
     */
    public static TransformerSettings of(long size, long heads, long hidden) {
        return new TransformerSettings(size, heads, hidden);
    }

    /**
     * Returns settings with another kind of feed-forward part.
     *
     * @param value the function between its maps
     * @return the settings
     */
    public TransformerSettings with(FeedForward.Kind value) {
        TransformerSettings s = new TransformerSettings(this);
        s.kind = value;
        return s;
    }

    /**
     * Returns settings in which each part normalises its input (Xiong et al. 2020) instead of the residual sum.
     *
     * @return the settings
     */
    public TransformerSettings normalisedFirst() {
        TransformerSettings s = new TransformerSettings(this);
        s.preNorm = true;
        return s;
    }

    /**
     * Returns settings with dropout in train mode: of each part's output, of the attention weights and inside the feed-forward part.
     *
     * @param rate probability that an element is dropped, in [0, 1)
     * @return the settings
     */
    public TransformerSettings withDropout(double rate) {
        TransformerSettings s = new TransformerSettings(this);
        s.dropout = rate;
        return s;
    }

    /**
     * Returns settings with another epsilon.
     *
     * @param value added to the variance by layer normalisation
     * @return the settings
     */
    public TransformerSettings withEpsilon(double value) {
        TransformerSettings s = new TransformerSettings(this);
        s.epsilon = value;
        return s;
    }

    /**
     * Returns settings with linear maps that have no biases.
     *
     * @return the settings
     */
    public TransformerSettings withoutBias() {
        TransformerSettings s = new TransformerSettings(this);
        s.useBias = false;
        return s;
    }

    /**
     * Returns settings with causal self-attention in an encoder, for language models. That of a decoder is always causal.
     *
     * @return the settings
     */
    public TransformerSettings hidingLater() {
        TransformerSettings s = new TransformerSettings(this);
        s.causal = true;
        return s;
    }

    /**
     * Returns settings with fewer key and value heads than query heads.
     *
     * @param value their number, a divisor of the heads
     * @return the settings
     */
    public TransformerSettings withKeyHeads(long value) {
        TransformerSettings s = new TransformerSettings(this);
        s.keyHeads = value;
        return s;
    }

    /**
     * Returns settings with {@link RotaryPositions} in self-attention.
     *
     * @param positions the longest sequence
     * @return the settings
     */
    public TransformerSettings withRotary(long positions) {
        TransformerSettings s = new TransformerSettings(this);
        s.rotary = positions;
        return s;
    }

    /** {@return features of a sequence} */
    public long size() {
        return size;
    }

    /** {@return probability that an element is dropped in train mode} */
    public double dropout() {
        return dropout;
    }

    double epsilon() {
        return epsilon;
    }

    boolean preNorm() {
        return preNorm;
    }

    /** Self-attention of an encoder. */
    MultiHeadAttention encoderAttention() {
        return attention().causal(causal).rotary(rotary).build();
    }

    /** Self-attention of a decoder. */
    MultiHeadAttention decoderAttention() {
        return attention().causal(true).rotary(rotary).build();
    }

    /** Attention to a memory. */
    MultiHeadAttention crossAttention() {
        return attention().build();
    }

    private MultiHeadAttention.Builder attention() {
        return MultiHeadAttention.builder()
                .size(size)
                .heads(heads)
                .keyHeads(keyHeads)
                .useBias(useBias)
                .dropout(dropout);
    }

    FeedForward feedForward() {
        return new FeedForward(size, hidden, kind, dropout, useBias);
    }
}
