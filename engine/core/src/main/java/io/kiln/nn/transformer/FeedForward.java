package io.kiln.nn.transformer;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.op.activation.Activation;
import io.kiln.op.math.Elementwise;
import io.kiln.op.nn.Neural;

/**
 * The position-wise part of a transformer layer: \(y = \mathrm{act}(x W_1^\top + b_1) W_2^\top + b_2\), with
 * {@link Kind#SWIGLU} \(y = (\mathrm{silu}(x W_g^\top + b_g)\,(x W_1^\top + b_1)) W_2^\top + b_2\). Shapes: x and y
 * [N,L,size]. Children: {@code linear1}, {@code linear2} and, for SwiGLU, {@code gate}.
 */
public final class FeedForward extends Block {
    /** The function between the linear maps. */
    public enum Kind {
        /** The rectified linear unit. */
        RELU,
        /** The exact Gaussian error linear unit. */
        GELU,
        /** Its tanh approximation, as in GPT-2. */
        GELU_TANH,
        /** A gate (Shazeer 2020). */
        SWIGLU
    }

    private final Kind kind;
    private final double dropout;
    private final Dense linear1;
    private final Dense gate;
    private final Dense linear2;

    /**
     * Creates a feed-forward part.
     *
     * @param size features of input and output
     * @param hidden features between the maps
     * @param kind the function between the maps
     * @param dropout probability that an element between them is dropped in train mode
     * @param useBias whether the maps have biases
     */
    public FeedForward(long size, long hidden, Kind kind, double dropout, boolean useBias) {
        this.kind = kind;
        this.dropout = dropout;
        linear1 = addChild("linear1", dense(hidden, kind == Kind.RELU ? Activation.RELU : Activation.NONE, useBias));
        gate = kind == Kind.SWIGLU ? addChild("gate", dense(hidden, Activation.NONE, useBias)) : null;
        linear2 = addChild("linear2", dense(size, Activation.NONE, useBias));
    }

    private static Dense dense(long units, Activation activation, boolean useBias) {
        return Dense.builder()
                .units(units)
                .activation(activation)
                .useBias(useBias)
                .flatten(false)
                .build();
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray h = linear1.call(x);
        h = switch (kind) {
            case RELU -> h;
            case GELU -> Elementwise.gelu(h, false);
            case GELU_TANH -> Elementwise.gelu(h, true);
            case SWIGLU -> Elementwise.silu(gate.call(x)).mul(h);
        };
        return linear2.call(dropout > 0 ? Neural.dropout(h, dropout) : h);
    }
}
