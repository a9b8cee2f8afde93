package io.kiln.nn.transformer;

import io.kiln.init.Sinusoids;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.op.Role;

/** Adds the fixed waves of {@link Sinusoids} to a sequence (Vaswani et al. 2017): y = x + w[0:L]. Shapes: x and y [N,L,C]. */
public final class SinusoidalPositions extends Block {
    private final long positions;
    private final Parameter table;

    /**
     * Creates an encoding.
     *
     * @param positions the longest sequence
     */
    public SinusoidalPositions(long positions) {
        this.positions = Positions.check("sinusoidalPositions", positions);
        table = addParameter(new Parameter("table", Role.CONSTANT, DType.FLOAT32, null, new Sinusoids()));
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray all = table.complete(Shape.of(positions, x.shape().dim(-1))).data();
        return x.add(Positions.of(all, 0, x));
    }
}
