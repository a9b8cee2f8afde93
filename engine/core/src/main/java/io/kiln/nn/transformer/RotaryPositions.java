package io.kiln.nn.transformer;

import io.kiln.init.Sinusoids;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.op.Role;
import io.kiln.op.shape.Movement;

/**
 * Rotary positions (Su et al. 2021): element i of the first half of a vector and element i of the second half are
 * rotated by the angle \(p\,b^{-2i/E}\), so that a product of query and key depends on their distance. Shapes: x and y
 * […,L,E], E even. The halves are paired as in GPT-NeoX and Llama.
 */
public final class RotaryPositions extends Block {
    private final long positions;
    private final Parameter table;

    /**
     * Creates an encoding with base 10,000.
     *
     * @param positions the longest sequence
     */
    public RotaryPositions(long positions) {
        this(positions, 10_000);
    }

    /**
     * Creates an encoding.
     *
     * @param positions the longest sequence
     * @param base b, above 1
     */
    public RotaryPositions(long positions, double base) {
        this.positions = Positions.check("rotaryPositions", positions);
        table = addParameter(new Parameter("table", Role.CONSTANT, DType.FLOAT32, null, new Sinusoids(base)));
    }

    @Override
    public NDArray forward(NDArray x) {
        return turn(x, 0);
    }

    /**
     * Rotates vectors starting at a position.
     *
     * @param x vectors […,L,E]
     * @param offset the position of the first one
     * @return the rotated vectors
     */
    public NDArray turn(NDArray x, long offset) {
        long size = x.shape().dim(-1);
        if (size % 2 != 0) {
            throw new ShapeException("rotaryPositions: the vectors must have an even size, got x" + x.shape());
        }
        NDArray rows = Positions.of(table.complete(Shape.of(positions, size)).data(), offset, x);
        NDArray sin = rows.slice(1, 0, size, 2);
        NDArray cos = rows.slice(1, 1, size, 2);
        int last = x.shape().rank() - 1;
        NDArray a = x.slice(last, 0, size / 2);
        NDArray b = x.slice(last, size / 2, size);
        return Movement.concat(last, a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin)));
    }
}
