package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;

/** A chain of named blocks. */
final class Stack extends Block {
    Stack add(String name, Block block) {
        addChild(name, block);
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
