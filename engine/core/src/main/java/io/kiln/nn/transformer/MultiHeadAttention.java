package io.kiln.nn.transformer;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.op.attention.Attention;
import io.kiln.op.shape.Movement;

/**
 * Attention with several heads (Vaswani et al. 2017): queries, keys and values are linear maps of the inputs, split
 * into heads of equal size; the heads' outputs are joined and mapped once more. Shapes: x[N,L,C], memory[N,S,·],
 * y[N,L,size]. If there are fewer key and value heads than query heads, groups of query heads share them (Ainslie et
 * al. 2023).
 *
 * <p>As a block it takes x (self-attention); or x and the memory to attend to; or x, memory and a mask. A mask [N,S]
 * says which elements of the memory are valid (0 for padding), [N,L,S] which ones each query attends to; [N,heads,L,S]
 * the same for each head. Bool masks select, integer masks select nonzero elements, and floating masks are added to the
 * products, except for those of rank 2, which always select.
 *
 * <p>Children: {@code query}, {@code key}, {@code value}, {@code output}, each with weight [out,in] and bias [out]. The
 * first three are the rows of libtorch's {@code in_proj_weight}, concatenated.
 */
public final class MultiHeadAttention extends Block {
    private final long size;
    private final long heads;
    private final long keyHeads;
    private final boolean causal;
    private final double dropout;
    private final Dense query;
    private final Dense key;
    private final Dense value;
    private final Dense output;
    private final RotaryPositions rotary;

    /**
     * Creates self-attention or cross-attention with the defaults of the {@linkplain Builder builder}.
     *
     * @param size features of the output
     * @param heads number of heads, a divisor of the size
     */
    public MultiHeadAttention(long size, long heads) {
        this(builder().size(size).heads(heads));
    }

    private MultiHeadAttention(Builder b) {
        size = b.size;
        heads = b.heads;
        keyHeads = b.keyHeads == 0 ? b.heads : b.keyHeads;
        if (heads < 1 || size < 1 || size % heads != 0 || keyHeads < 1 || heads % keyHeads != 0) {
            throw new IllegalArgumentException(
                    "multiHeadAttention: heads must divide the size, and keyHeads the heads; got" + " size " + size
                            + ", heads " + heads + ", keyHeads " + keyHeads);
        }
        causal = b.causal;
        dropout = b.dropout;
        long narrow = size / heads * keyHeads;
        query = addChild("query", dense(size, b.useBias));
        key = addChild("key", dense(narrow, b.useBias));
        value = addChild("value", dense(narrow, b.useBias));
        output = addChild("output", dense(size, b.useBias));
        rotary = b.rotary == 0 ? null : addChild("rotary", new RotaryPositions(b.rotary));
    }

    private static Dense dense(long units, boolean bias) {
        return Dense.builder().units(units).flatten(false).useBias(bias).build();
    }

    /**
     * Returns a builder for a layer.
     *
     * @return a builder with the defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public NDArray forward(NDArray x) {
        return attend(x, x, null);
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        if (inputs.length > 3) {
            throw new IllegalArgumentException(
                    "multiHeadAttention: takes x, memory and mask, got " + inputs.length + " inputs");
        }
        NDArray memory = inputs.length > 1 ? inputs[1] : inputs[0];
        return new NDArray[] {attend(inputs[0], memory, inputs.length > 2 ? inputs[2] : null)};
    }

    /**
     * Attends from queries to a memory.
     *
     * @param x the source of the queries [N,L,·]
     * @param memory the source of keys and values [N,S,·]; x itself for self-attention
     * @param mask see above; null for none
     * @return y [N,L,size]
     */
    private NDArray attend(NDArray x, NDArray memory, NDArray mask) {
        NDArray q = split(query.call(check(x)), heads);
        NDArray k = split(key.call(check(memory)), keyHeads);
        NDArray v = split(value.call(memory), keyHeads);
        if (rotary != null) {
            q = rotary.turn(q, 0);
            k = rotary.turn(k, 0);
        }
        return join(look(q, k, v, mask));
    }

    /**
     * Self-attention for growing sequences: the keys and values of earlier elements are kept instead of recomputed.
     * Each element attends to those before it and to itself.
     *
     * @param x the new elements [N,L,·]
     * @param past keys and values of the previous elements [N,keyHeads,P,size/heads], as returned by an earlier call;
     *     null or empty for none
     * @return y [N,L,size], then the keys and values of all elements
     */
    public NDArray[] extend(NDArray x, NDArray... past) {
        boolean first = past == null || past.length == 0;
        long offset = first ? 0 : past[0].shape().dim(2);
        NDArray q = split(query.call(check(x)), heads);
        NDArray k = split(key.call(x), keyHeads);
        NDArray v = split(value.call(x), keyHeads);
        if (rotary != null) {
            q = rotary.turn(q, offset);
            k = rotary.turn(k, offset);
        }
        if (!first) {
            k = Movement.concat(2, past[0], k);
            v = Movement.concat(2, past[1], v);
        }
        NDArray y = join(grouped(q, k, v, null, true));
        return new NDArray[] {y, k, v};
    }

    private NDArray look(NDArray q, NDArray k, NDArray v, NDArray mask) {
        return grouped(q, k, v, mask == null ? null : perHead(mask), causal);
    }

    private NDArray grouped(NDArray q, NDArray k, NDArray v, NDArray mask, boolean hidden) {
        if (keyHeads == heads) {
            return Attention.scaledDotProduct(q, k, v, mask, hidden, dropout);
        }
        long group = heads / keyHeads;
        long head = size / heads;
        long length = q.shape().dim(2);
        NDArray groups = q.reshape(Shape.UNKNOWN, keyHeads, group, length, head);
        NDArray mask5 = null;
        if (mask != null) {
            boolean each = mask.shape().dim(1) == heads && heads > 1;
            mask5 = each
                    ? mask.reshape(
                            Shape.UNKNOWN,
                            keyHeads,
                            group,
                            mask.shape().dim(2),
                            mask.shape().dim(3))
                    : mask.expandDims(2);
        }
        return Attention.scaledDotProduct(groups, k.expandDims(2), v.expandDims(2), mask5, hidden, dropout)
                .reshape(Shape.UNKNOWN, heads, length, head);
    }

    private static NDArray perHead(NDArray mask) {
        int rank = mask.shape().rank();
        if (rank < 2 || rank > 4) {
            throw new ShapeException(
                    "multiHeadAttention: a mask is [N,S], [N,L,S] or [N,heads,L,S], got " + mask.shape());
        }
        boolean chooses = rank == 2 || !mask.dtype().isFloating();
        NDArray m = chooses && mask.dtype() != DType.BOOL ? mask.ne(0) : mask;
        return rank == 4 ? m : rank == 3 ? m.expandDims(1) : m.expandDims(1).expandDims(1);
    }

    private static NDArray check(NDArray x) {
        if (x.shape().rank() != 3 || x.shape().dim(1) == Shape.UNKNOWN) {
            throw new ShapeException(
                    "multiHeadAttention: expected sequences [N,L,C] whose length is known, got " + x.shape());
        }
        return x;
    }

    /** [N,L,H·E] as [N,H,L,E]. */
    private NDArray split(NDArray x, long count) {
        return x.reshape(Shape.UNKNOWN, x.shape().dim(1), count, size / heads).transpose(0, 2, 1, 3);
    }

    /** [N,H,L,E] as [N,L,H·E], mapped to the output. */
    private NDArray join(NDArray y) {
        NDArray rows = y.transpose(0, 2, 1, 3).reshape(Shape.UNKNOWN, y.shape().dim(2), size);
        return output.call(rows);
    }

    /** The settings of attention. */
    public static final class Builder {
        private long size;
        private long heads;
        private long keyHeads;
        private boolean causal;
        private boolean useBias = true;
        private double dropout;
        private long rotary;

        private Builder() {}

        /**
         * Sets the number of features of the output; required.
         *
         * @param value a multiple of the heads
         * @return this builder
         */
        public Builder size(long value) {
            size = value;
            return this;
        }

        /**
         * Sets the number of heads; required.
         *
         * @param value a divisor of the size
         * @return this builder
         */
        public Builder heads(long value) {
            heads = value;
            return this;
        }

        /**
         * Sets the number of key and value heads; by default as many as query heads.
         *
         * @param value a divisor of the heads
         * @return this builder
         */
        public Builder keyHeads(long value) {
            keyHeads = value;
            return this;
        }

        /**
         * Sets whether queries attend to no later element; false by default.
         *
         * @param value true or false
         * @return this builder
         */
        public Builder causal(boolean value) {
            causal = value;
            return this;
        }

        /**
         * Sets whether the linear maps have biases; true by default.
         *
         * @param value true or false
         * @return this builder
         */
        public Builder useBias(boolean value) {
            useBias = value;
            return this;
        }

        /**
         * Sets the probability that an attention weight is dropped in train mode; 0 by default.
         *
         * @param value in [0, 1)
         * @return this builder
         */
        public Builder dropout(double value) {
            dropout = value;
            return this;
        }

        /**
         * Rotates queries and keys by {@link RotaryPositions}; off by default.
         *
         * @param positions the longest sequence
         * @return this builder
         */
        public Builder rotary(long positions) {
            rotary = positions;
            return this;
        }

        /**
         * Creates the layer.
         *
         * @return the layer
         */
        public MultiHeadAttention build() {
            return new MultiHeadAttention(this);
        }
    }
}
