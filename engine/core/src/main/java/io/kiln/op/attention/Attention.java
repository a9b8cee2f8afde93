package io.kiln.op.attention;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;

/** Attention. See the operator for formula and shapes. */
public final class Attention {
    private Attention() {}

    /**
     * {@link FlashAttention} with scale \(1/\sqrt E\): attention without dropout.
     *
     * @param query queries […,L,E]
     * @param key keys […,S,E]
     * @param value values […,S,V]
     * @param mask which keys are looked at (bool) or what is added to the products (floating); null for none
     * @param causal whether later keys are hidden
     * @return y […,L,V]
     */
    public static NDArray scaledDotProduct(NDArray query, NDArray key, NDArray value, NDArray mask, boolean causal) {
        return scaledDotProduct(query, key, value, mask, causal, 0);
    }

    /**
     * {@link ScaledDotProductAttention} with scale \(1/\sqrt E\); {@link FlashAttention} where nothing can be dropped.
     *
     * @param query queries […,L,E]
     * @param key keys […,S,E]
     * @param value values […,S,V]
     * @param mask which keys are looked at (bool) or what is added to the products (floating); null for none
     * @param causal whether later keys are hidden
     * @param dropout probability of an attention weight being dropped in train mode, in [0, 1)
     * @return y […,L,V]
     */
    public static NDArray scaledDotProduct(
            NDArray query, NDArray key, NDArray value, NDArray mask, boolean causal, double dropout) {
        double scale = 1 / Math.sqrt(query.shape().dim(-1));
        Operator op = dropout == 0
                ? new FlashAttention(scale, causal, mask != null, false)
                : new ScaledDotProductAttention(scale, causal, mask != null, dropout);
        return mask == null ? Dispatch.one(op, query, key, value) : Dispatch.one(op, query, key, value, mask);
    }
}
