package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Functions;
import io.kiln.op.reduce.Reductions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Products of vectors, Kronecker products, and reductions and bits at their edges; expected values as NumPy gives them. */
class ProductsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray ramp(long... dims) {
        Shape shape = Shape.of(dims);
        return NDArray.arange(0, shape.size(), 1, DType.FLOAT32).reshape(shape);
    }

    @Test
    void aVectorIsARowOnTheLeftAndAColumnOnTheRight() {
        NDArray scalar = ramp(3).matmul(ramp(3));
        assertEquals(Shape.scalar(), scalar.shape());
        assertEquals(5, scalar.item());
        assertArrayEquals(
                new float[] {20, 23, 26, 29}, ramp(3).matmul(ramp(3, 4)).toFloatArray());
        assertArrayEquals(new float[] {5, 14}, ramp(2, 3).matmul(ramp(3)).toFloatArray());
        NDArray batched = ramp(2, 2, 3).matmul(ramp(3));
        assertEquals(Shape.of(2, 2), batched.shape());
        assertArrayEquals(new float[] {5, 14, 23, 32}, batched.toFloatArray());
        NDArray row = ramp(2).matmul(ramp(2, 2, 3));
        assertEquals(Shape.of(2, 3), row.shape());
        assertArrayEquals(new float[] {3, 4, 5, 9, 10, 11}, row.toFloatArray());
        assertThrows(ShapeException.class, () -> ramp(2).matmul(ramp(3)));
    }

    @Test
    void productsOfVectorsHaveGradients() {
        NDArray a = Autograd.attachGradient(ramp(2, 3));
        NDArray x = Autograd.attachGradient(ramp(3));
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = a.matmul(x).sum();
        }
        Autograd.backward(y);
        assertArrayEquals(new float[] {0, 1, 2, 0, 1, 2}, Autograd.gradient(a).toFloatArray());
        assertArrayEquals(new float[] {3, 5, 7}, Autograd.gradient(x).toFloatArray());
    }

    @Test
    void aKroneckerProductPutsTheRightOperandInEachElementOfTheLeft() {
        NDArray a = NDArray.of(Shape.of(2, 2), 1f, 2f, 3f, 4f);
        NDArray y = Linalg.kron(a, NDArray.of(1f, 10f));
        assertEquals(Shape.of(2, 4), y.shape());
        assertArrayEquals(new float[] {1, 10, 2, 20, 3, 30, 4, 40}, y.toFloatArray());
    }

    @Test
    void anEmptyAxisHasTheIdentityOfItsReductionOrIsRefused() {
        NDArray none = NDArray.zeros(Shape.of(2, 0), DType.FLOAT32);
        float[] y = Reductions.logSumExp(none, 1).toFloatArray();
        assertArrayEquals(new float[] {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY}, y);
        ShapeException e = assertThrows(ShapeException.class, () -> Reductions.max(none, 1));
        assertTrue(e.getMessage().startsWith("max: x[2,0] has no elements along axes [1]"), e.getMessage());
    }

    @Test
    void remaindersAndQuotientsTakeTheSignsOfTheirRules() {
        NDArray a = NDArray.of(-7f, -7f, 7f, 7f);
        NDArray b = NDArray.of(2f, -2f, 2f, -2f);
        assertArrayEquals(new float[] {-1, -1, 1, 1}, Functions.fmod(a, b).toFloatArray());
        assertArrayEquals(new float[] {1, -1, 1, -1}, Elementwise.mod(a, b).toFloatArray());
        assertArrayEquals(new float[] {-3, 3, 3, -3}, Functions.truncDiv(a, b).toFloatArray());
        assertArrayEquals(new float[] {-4, 3, 3, -4}, Elementwise.floorDiv(a, b).toFloatArray());
    }

    @Test
    void bitsOfFloatsAreRefused() {
        NDArray x = ramp(2);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Functions.bitwiseAnd(x, x.cast(DType.INT32)));
        assertTrue(e.getMessage().startsWith("bitwiseAnd: input 0 needs an integer dtype"), e.getMessage());
    }
}
