package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;

import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;

/** Arguments that whole families of operators are tried on: without axes, empty, odd, broadcast, larger than a tile. */
final class Families {
    private static final double[] SPECIAL = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, 1, -1, 0.5, -0.5, 20, -20, 1.5, -2.5, 2
    };

    private Families() {}

    /** An operator of one input of any shape. */
    static Row unary(Operator operator, double low, double high, String torch) {
        return anyShape(operator, low, high, torch).forwardOn(values(Shape.of(SPECIAL.length), SPECIAL));
    }

    /** The same without infinities, NaN and borders of the domain. */
    static Row anyShape(Operator operator, double low, double high, String torch) {
        return Row.of(operator)
                .torch(torch)
                .on(real(low, high))
                .on(real(low, high, 0))
                .on(real(low, high, 1))
                .on(real(low, high, 7))
                .on(real(low, high, 3, 5))
                .on(real(low, high, 2, 0, 3))
                .on(real(low, high, 2, 3, 4))
                .on(real(low, high, 4099));
    }

    /** An operator of two inputs that broadcast. */
    static Row binary(Operator operator, double low, double high, String torch) {
        return binary(operator, low, high, low, high, torch);
    }

    /** An operator of two inputs that broadcast, from ranges of their own. */
    static Row binary(Operator operator, double lowA, double highA, double lowB, double highB, String torch) {
        return Row.of(operator)
                .torch(torch)
                .on(real(lowA, highA), real(lowB, highB))
                .on(real(lowA, highA, 5), real(lowB, highB))
                .on(real(lowA, highA), real(lowB, highB, 3))
                .on(real(lowA, highA, 2, 3), real(lowB, highB, 2, 3))
                .on(real(lowA, highA, 2, 3), real(lowB, highB, 3))
                .on(real(lowA, highA, 3, 1), real(lowB, highB, 2, 1, 4))
                .on(real(lowA, highA, 1, 1), real(lowB, highB, 5))
                .on(real(lowA, highA, 0), real(lowB, highB, 1))
                .on(real(lowA, highA, 3, 0), real(lowB, highB, 0))
                .on(real(lowA, highA, 4099), real(lowB, highB, 4099))
                .on(real(lowA, highA, 37, 129), real(lowB, highB, 37, 1));
    }

    /** Two inputs whose gradient is taken at equal shapes. */
    static Row pair(Operator operator, double low, double high, String torch) {
        return Row.of(operator)
                .torch(torch)
                .on(real(-2, 2), real(low, high))
                .on(real(-2, 2, 0), real(low, high, 0))
                .on(real(-2, 2, 3, 5), real(low, high, 3, 5))
                .on(real(-2, 2, 4099), real(low, high, 4099));
    }
}
