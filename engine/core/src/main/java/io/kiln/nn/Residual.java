package io.kiln.nn;

import io.kiln.ndarray.NDArray;

/**
 * A block with a shortcut: \(y = f(x) + s(x)\). Shapes: f(x) and s(x) equal. K. He et al., CVPR 2016. The blocks are
 * named {@code body} and {@code shortcut}.
 */
public final class Residual extends Block {
    private final Block body;
    private final Block shortcut;

    /**
     * Creates a block that adds x itself.
     *
     * @param body f
     */
    public Residual(Block body) {
        this(body, new Identity());
    }

    /**
     * Creates a block that adds another block's output.
     *
     * @param body f
     * @param shortcut s, such as a convolution that converts x to the shape of f(x)
     */
    public Residual(Block body, Block shortcut) {
        this.body = addChild("body", body);
        this.shortcut = addChild("shortcut", shortcut);
    }

    @Override
    public NDArray forward(NDArray x) {
        return body.call(x).add(shortcut.call(x));
    }
}
