package io.kiln.nn.transformer;

/**
 * The settings of the layers of an encoder or a decoder. Immutable; each method returns new settings.
 *
 * @param size features of a sequence
 * @param heads number of attention heads
 * @param hidden features inside the feed-forward part
 * @param keyHeads number of key and value heads
 * @param kind the function between the maps of the feed-forward part
 * @param preNorm whether each part normalises its input (Xiong et al. 2020) instead of the residual sum
 * @param dropout probability that an element of a part's output, of the attention weights or inside the feed-forward
 *     part is dropped in train mode
 * @param epsilon added to the variance by layer normalisation
 * @param useBias whether the linear maps have biases
 * @param causal whether self-attention of an encoder masks later elements; that of a decoder always does
 * @param rotary the longest sequence for rotary positions in self-attention; 0 for none
 */
public record TransformerSettings(
        long size,
        long heads,
        long hidden,
        long keyHeads,
        FeedForward.Kind kind,
        boolean preNorm,
        double dropout,
        double epsilon,
        boolean useBias,
        boolean causal,
        long rotary) {
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
        return new TransformerSettings(
                size, heads, hidden, heads, FeedForward.Kind.RELU, false, 0, 1e-5, true, false, 0);
    }

    /**
     * Returns settings with another kind of feed-forward part.
     *
     * @param value the kind
     * @return the settings
     */
    public TransformerSettings with(FeedForward.Kind value) {
        return new TransformerSettings(
                size, heads, hidden, keyHeads, value, preNorm, dropout, epsilon, useBias, causal, rotary);
    }

    /**
     * Returns settings with normalisation of inputs.
     *
     * @return the settings
     */
    public TransformerSettings normalisedFirst() {
        return new TransformerSettings(
                size, heads, hidden, keyHeads, kind, true, dropout, epsilon, useBias, causal, rotary);
    }

    /**
     * Returns settings with dropout.
     *
     * @param rate in [0, 1)
     * @return the settings
     */
    public TransformerSettings withDropout(double rate) {
        return new TransformerSettings(
                size, heads, hidden, keyHeads, kind, preNorm, rate, epsilon, useBias, causal, rotary);
    }

    /**
     * Returns settings with another epsilon.
     *
     * @param value added to the variance
     * @return the settings
     */
    public TransformerSettings withEpsilon(double value) {
        return new TransformerSettings(
                size, heads, hidden, keyHeads, kind, preNorm, dropout, value, useBias, causal, rotary);
    }

    /**
     * Returns settings with causal self-attention, for language models.
     *
     * @return the settings
     */
    public TransformerSettings hidingLater() {
        return new TransformerSettings(
                size, heads, hidden, keyHeads, kind, preNorm, dropout, epsilon, useBias, true, rotary);
    }

    /**
     * Returns settings with rotary positions and fewer key heads.
     *
     * @param positions the longest sequence
     * @param groups number of key and value heads
     * @return the settings
     */
    public TransformerSettings withRotary(long positions, long groups) {
        return new TransformerSettings(
                size, heads, hidden, groups, kind, preNorm, dropout, epsilon, useBias, causal, positions);
    }

    /** Self-attention with these settings. */
    MultiHeadAttention attention(boolean hidesLater) {
        return MultiHeadAttention.builder()
                .size(size)
                .heads(heads)
                .keyHeads(keyHeads)
                .causal(hidesLater)
                .useBias(useBias)
                .dropout(dropout)
                .rotary(rotary)
                .build();
    }

    /** Attention to a memory. */
    MultiHeadAttention crossAttention() {
        return MultiHeadAttention.builder()
                .size(size)
                .heads(heads)
                .keyHeads(keyHeads)
                .useBias(useBias)
                .dropout(dropout)
                .build();
    }

    FeedForward feedForward() {
        return new FeedForward(size, hidden, kind, dropout, useBias);
    }
}
