package io.kiln.nn;

import io.kiln.ndarray.NDArray;

/**
 * A block and a way around it: \(y = f(x) + s(x)\). Shapes: f(x) and s(x) equal. K. He et al., CVPR 2016. The blocks are named
 * {@code body} and {@code shortcut}.
 */
public final class Residual extends Block {
    private final Block body;
    private final Block shortcut;

    /**
     * A block with x itself added.
     *
     * @param body f
     */
    public Residual(Block body) {
        this(body, new Identity());
    }

    /**
     * A block with another one's output added.
     *
     * @param body f
     * @param shortcut s, such as a convolution that brings x to the shape of f(x)
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
