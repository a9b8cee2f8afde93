package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.random.RandomBernoulli;
import io.kiln.op.random.RandomGamma;
import io.kiln.op.random.RandomInteger;
import io.kiln.op.random.RandomNormal;
import io.kiln.op.random.RandomPermutation;
import io.kiln.op.random.RandomPoisson;
import io.kiln.op.random.RandomUniform;
import java.util.List;

/** Rows of random numbers: shapes and tracing only; what they are distributed like has tests of its own. */
final class RandomRows {
    private static final String TEST = "RandomTest";
    private static final String OTHER = "DistributionsTest";

    private RandomRows() {}

    static List<Row> rows() {
        Shape shape = Shape.of(3, 5);
        Shape like = Shape.scalar();
        return List.of(
                Row.of(new RandomUniform(shape, -1, 2, DType.FLOAT32))
                        .checkedIn(TEST)
                        .order(0)
                        .on(),
                Row.of(new RandomNormal(shape, 1, 2, DType.FLOAT64))
                        .checkedIn(TEST)
                        .order(0)
                        .on(),
                Row.of(new RandomBernoulli(shape, 0.3, DType.FLOAT32))
                        .checkedIn(TEST)
                        .order(0)
                        .on(),
                Row.of(new RandomUniform(like, -1, 2, DType.FLOAT32))
                        .checkedIn(TEST)
                        .order(0)
                        .on(real(-1, 1, 2, 3))
                        .on(real(-1, 1)),
                Row.of(new RandomNormal(like, 1, 2, DType.FLOAT32))
                        .checkedIn(TEST)
                        .order(0)
                        .on(real(-1, 1, 2, 3))
                        .on(real(-1, 1, 0)),
                Row.of(new RandomBernoulli(like, 0.3, DType.FLOAT32))
                        .checkedIn(TEST)
                        .order(0)
                        .on(real(-1, 1, 4099)),
                Row.of(new RandomInteger(shape, -3, 9))
                        .checkedIn(OTHER)
                        .order(0)
                        .on(),
                Row.of(new RandomInteger(like, 0, 2)).checkedIn(OTHER).order(0).on(real(-1, 1, 2, 3)),
                Row.of(new RandomPermutation(7)).checkedIn(OTHER).order(0).on(),
                Row.of(new RandomPermutation(0)).checkedIn(OTHER).order(0).on(),
                // Rejection makes another number of another parameter: no neighbour in float16 is near.
                Row.of(new RandomGamma())
                        .checkedIn(OTHER)
                        .order(0)
                        .forwardOn(real(0.2, 9, 3, 5))
                        .forwardOn(real(0.2, 9, 0))
                        .forwardOn(real(0.2, 9)),
                Row.of(new RandomPoisson())
                        .checkedIn(OTHER)
                        .order(0)
                        .forwardOn(real(0, 40, 3, 5))
                        .forwardOn(real(0, 40, 0)));
    }
}
