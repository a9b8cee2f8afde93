package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.math.Elementwise;

/**
 * Two layers, the first of them gated: \(y = (g(x W_g) \odot x W_u) W_d\), without biases. Shapes: x[…,in], y[…,units].
 * N. Shazeer, arXiv:2002.05202. The layers are named {@code gate}, {@code up} and {@code down}.
 */
public final class GatedMlp extends Block {
    private final Gate function;
    private final Dense gate;
    private final Dense up;
    private final Dense down;

    /** The gate's activation g; the names are the paper's. */
    public enum Gate {
        /** The logistic function: GLU. */
        GLU,
        /** None: bilinear. */
        BILINEAR,
        /** ReLU: ReGLU. */
        REGLU,
        /** The Gaussian error linear unit: GEGLU. */
        GEGLU,
        /** The sigmoid-weighted linear unit: SwiGLU. */
        SWIGLU
    }

    /**
     * Creates a block.
     *
     * @param function g
     * @param hidden width between the layers
     * @param units width of y
     */
    public GatedMlp(Gate function, long hidden, long units) {
        this.function = function;
        gate = addChild("gate", linear(hidden));
        up = addChild("up", linear(hidden));
        down = addChild("down", linear(units));
    }

    /**
     * Creates a SwiGLU block.
     *
     * @param hidden width between the layers
     * @param units width of y
     * @return the block
     */
    public static GatedMlp swiGlu(long hidden, long units) {
        return new GatedMlp(Gate.SWIGLU, hidden, units);
    }

    private static Dense linear(long units) {
        return Dense.builder().units(units).useBias(false).flatten(false).build();
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray z = gate.call(x);
        NDArray g =
                switch (function) {
                    case GLU -> z.sigmoid();
                    case BILINEAR -> z;
                    case REGLU -> z.relu();
                    case GEGLU -> Elementwise.gelu(z, false);
                    case SWIGLU -> Elementwise.silu(z);
                };
        return down.call(g.mul(up.call(x)));
    }
}
