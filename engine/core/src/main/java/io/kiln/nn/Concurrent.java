package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.shape.Movement;

/**
 * Blocks in parallel on the same input, with their outputs concatenated along one axis:
 * \(y = [f_0(x), \dots, f_n(x)]\). They are named {@code 0}, {@code 1}, … C. Szegedy et al., CVPR 2015.
 */
public final class Concurrent extends Block {
    private final int axis;

    /**
     * Concatenates the blocks' outputs along the channels, axis 1.
     *
     * @param blocks the blocks, at least one
     */
    public Concurrent(Block... blocks) {
        this(1, blocks);
    }

    /**
     * Concatenates the blocks' outputs along an axis.
     *
     * @param axis the axis; negative ones are counted from the end
     * @param blocks the blocks, at least one
     */
    public Concurrent(int axis, Block... blocks) {
        if (blocks.length == 0) {
            throw new IllegalArgumentException("concurrent: needs at least one block");
        }
        this.axis = axis;
        for (Block b : blocks) {
            addChild(Integer.toString(children().size()), b);
        }
    }

    @Override
    public NDArray forward(NDArray x) {
        return Movement.concat(
                axis, children().values().stream().map(b -> b.call(x)).toArray(NDArray[]::new));
    }
}
