package io.kiln.pointwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import org.junit.jupiter.api.Test;

/** Programs whose numbers and decisions come from arrays. */
class ProgramVariantsTest {
    private static final Expr SUM = Expr.input(0).add(Expr.scalar(0).mul(Expr.input(1)));
    private static final PointwiseProgram PROGRAM =
            PointwiseProgram.of(SUM.sub(Expr.scalar(1)), SUM.max(Expr.constant(2)));

    private static final Shape SHAPE = Shape.of(3);

    @Test
    void theLastScalarMayComeFromAnArray() {
        PointwiseProgram late = PROGRAM.withScalarAsInput(1, 2);
        assertEquals(3, late.inputCount());
        assertEquals(1, late.scalarCount());
        assertSame(late, PROGRAM.withScalarAsInput(1, 2));
        try (Scope scope = Scope.open()) {
            NDArray[] in = {NDArray.of(1, 2, 3), NDArray.of(0.1f, -5, 2), number(0.25)};
            NDArray[] y = outputs();
            InPlace.run(late, in, y, 3);
            NDArray[] expected = outputs();
            InPlace.run(PROGRAM, new NDArray[] {in[0], in[1]}, expected, 3, 0.25);
            for (int i = 0; i < y.length; i++) {
                assertArrayEquals(expected[i].toFloatArray(), y[i].toFloatArray());
            }
        }
    }

    @Test
    void whereTheConditionIsZeroOutputsKeepWhatIsThere() {
        PointwiseProgram guarded = PROGRAM.where(0, -1);
        assertEquals(3, guarded.inputCount());
        assertSame(guarded, PROGRAM.where(0, -1));
        try (Scope scope = Scope.open()) {
            for (int condition = 0; condition < 2; condition++) {
                NDArray x = NDArray.of(1, Float.NaN, 3);
                NDArray second = NDArray.zeros(SHAPE, DType.FLOAT32);
                NDArray[] in = {x, NDArray.of(1, 1, 1), number(condition)};
                InPlace.run(guarded, in, new NDArray[] {x, second}, 2, 0);
                float[] expected = condition == 0 ? new float[] {1, Float.NaN, 3} : new float[] {3, Float.NaN, 5};
                assertArrayEquals(expected, x.toFloatArray());
                assertArrayEquals(new float[] {3, Float.NaN, 5}, second.toFloatArray(), "in any case");
            }
        }
    }

    @Test
    void whatIsKeptMayBeAnInputThatTheProgramDoesNotRead() {
        PointwiseProgram guarded = PROGRAM.where(0, 4);
        assertEquals(6, guarded.inputCount());
        try (Scope scope = Scope.open()) {
            NDArray x = NDArray.of(1, 2, 3);
            NDArray other = NDArray.of(7, 8, 9);
            InPlace.run(guarded, new NDArray[] {x, x, x, x, other, number(0)}, new NDArray[] {x, other}, 2, 0);
            assertArrayEquals(new float[] {1, 2, 3}, x.toFloatArray());
            assertArrayEquals(new float[] {7, 8, 9}, other.toFloatArray());
        }
    }

    private static NDArray number(double value) {
        return NDArray.scalar(value, DType.FLOAT32).broadcastTo(SHAPE);
    }

    private static NDArray[] outputs() {
        return new NDArray[] {NDArray.zeros(SHAPE, DType.FLOAT32), NDArray.zeros(SHAPE, DType.FLOAT32)};
    }
}
