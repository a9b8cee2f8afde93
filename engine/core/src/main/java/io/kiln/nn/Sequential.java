package io.kiln.nn;

import io.kiln.ndarray.NDArray;

/** A chain of blocks: \(y = f_n(\dots f_1(f_0(x)))\). They are named {@code 0}, {@code 1}, … */
public final class Sequential extends Block {
    /**
     * Creates a chain of blocks.
     *
     * @param blocks the blocks in order
     */
    public Sequential(Block... blocks) {
        for (Block b : blocks) {
            add(b);
        }
    }

    /**
     * Appends a block.
     *
     * @param block the block
     * @return this chain
     */
    public Sequential add(Block block) {
        addChild(Integer.toString(children().size()), block);
        return this;
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray y = x;
        for (Block b : children().values()) {
            y = b.call(y);
        }
        return y;
    }
}
