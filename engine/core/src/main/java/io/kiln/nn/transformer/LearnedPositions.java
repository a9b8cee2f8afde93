package io.kiln.nn.transformer;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.op.Role;

/** Adds a learned vector per position to a sequence: y = x + weight[0:L]. Shapes: x and y [N,L,C], weight[positions,C]. */
public final class LearnedPositions extends Block {
    private final long positions;
    private final Parameter weight;

    /**
     * Creates an encoding.
     *
     * @param positions the longest sequence
     */
    public LearnedPositions(long positions) {
        this.positions = Positions.check("learnedPositions", positions);
        weight = addParameter(new Parameter("weight", Role.EMBEDDING, Initializer.defaultFor(Role.EMBEDDING)));
    }

    @Override
    public NDArray forward(NDArray x) {
        return add(x, 0);
    }

    /**
     * Adds the vectors starting at a position.
     *
     * @param x the sequence [N,L,C]
     * @param offset the position of its first element
     * @return the sum
     */
    public NDArray add(NDArray x, long offset) {
        NDArray all = weight.complete(Shape.of(positions, x.shape().dim(-1))).data();
        return x.add(Positions.of(all, offset, x));
    }
}
