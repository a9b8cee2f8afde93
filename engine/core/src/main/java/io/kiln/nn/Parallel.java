package io.kiln.nn;

import io.kiln.ndarray.NDArray;

/**
 * Blocks in parallel, each with its own input and output: \(y_i = f_i(x_i)\); a single input goes to all of them. They
 * are named {@code 0}, {@code 1}, …
 */
public final class Parallel extends Block {
    /**
     * Runs blocks in parallel.
     *
     * @param blocks the blocks, at least one
     */
    public Parallel(Block... blocks) {
        if (blocks.length == 0) {
            throw new IllegalArgumentException("parallel: needs at least one block");
        }
        for (Block b : blocks) {
            addChild(Integer.toString(children().size()), b);
        }
    }

    @Override
    public NDArray forward(NDArray x) {
        if (children().size() > 1) {
            throw new IllegalArgumentException(
                    "parallel: has " + children().size() + " outputs; call forwardAll, not forward");
        }
        return children().values().iterator().next().call(x);
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        int count = children().size();
        if (inputs.length != 1 && inputs.length != count) {
            throw new IllegalArgumentException(
                    "parallel: needs 1 or " + count + " inputs, got " + inputs.length + "; give each block its own");
        }
        NDArray[] outputs = new NDArray[count];
        int i = 0;
        for (Block b : children().values()) {
            outputs[i] = b.call(inputs[inputs.length == 1 ? 0 : i]);
            i++;
        }
        return outputs;
    }
}
