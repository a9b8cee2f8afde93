package io.kiln.op;

/** What a parameter is for: decides on its default initializer, on weight decay, and on whether it is trained. */
public enum Role {
    /** A matrix or kernel. */
    WEIGHT(true, true),
    /** A bias. */
    BIAS(true, false),
    /** The scale of a normalisation. */
    GAMMA(true, false),
    /** The shift of a normalisation. */
    BETA(true, false),
    /** A table of vectors looked up by index. */
    EMBEDDING(true, true),
    /** A running mean, updated by the forward pass in train mode. */
    RUNNING_MEAN(false, false),
    /** A running variance, updated by the forward pass in train mode. */
    RUNNING_VARIANCE(false, false),
    /** A fixed array. */
    CONSTANT(false, false);

    private final boolean trained;
    private final boolean decayed;

    Role(boolean trained, boolean decayed) {
        this.trained = trained;
        this.decayed = decayed;
    }

    /**
     * Whether an optimizer updates it.
     *
     * @return false for running statistics and constants
     */
    public boolean isTrained() {
        return trained;
    }

    /**
     * Whether weight decay applies to it by default.
     *
     * @return true for weights and embeddings
     */
    public boolean isDecayed() {
        return decayed;
    }

    /**
     * Whether the forward pass itself maintains it: MXNet's auxiliary states.
     *
     * @return true for running statistics
     */
    public boolean isAuxiliary() {
        return this == RUNNING_MEAN || this == RUNNING_VARIANCE;
    }
}
