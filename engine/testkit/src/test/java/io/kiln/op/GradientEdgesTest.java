package io.kiln.op;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Lambda;
import io.kiln.op.attention.Attention;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.FloorDiv;
import io.kiln.op.math.Functions;
import io.kiln.op.reduce.Reductions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Gradients where a derivative is zero, or where the formula for the others divides by zero. */
class GradientEdgesTest {
    private static final float INF = Float.POSITIVE_INFINITY;
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray slope(NDArray x, UnaryOperator<NDArray> f) {
        NDArray y;
        Autograd.attachGradient(x);
        try (Autograd.Mode record = Autograd.record()) {
            y = f.apply(x).sum();
        }
        Autograd.backward(y);
        return Autograd.gradient(x);
    }

    private static Block hybrid(UnaryOperator<NDArray> f) {
        Block block = new Lambda(f);
        block.hybridize();
        return block;
    }

    @Test
    void functionsThatAreConstantAlmostEverywhereHaveGradientsOfZero() {
        Map<String, UnaryOperator<NDArray>> functions = Map.of(
                "round", Elementwise::round,
                "floor", Elementwise::floor,
                "ceil", Elementwise::ceil,
                "sign", Elementwise::sign,
                "trunc", Functions::trunc,
                "pow", x -> x.pow(0),
                "floorDiv", x -> Dispatch.one(new FloorDiv(), x, NDArray.of(2f, 2f, 3f)));
        functions.forEach((name, f) -> {
            try (Block hybrid = hybrid(f)) {
                for (UnaryOperator<NDArray> g : List.of(f, (UnaryOperator<NDArray>) hybrid::call)) {
                    NDArray dx = slope(NDArray.of(1.25f, -0.5f, 0f), g);
                    assertArrayEquals(new float[3], dx.toFloatArray(), name);
                }
            }
        });
    }

    @Test
    void aStoppedGradientStaysNone() {
        NDArray x = Autograd.attachGradient(NDArray.of(1f, 2f));
        NDArray other = Autograd.attachGradient(NDArray.of(3f, 4f));
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = Autograd.stopGradient(x).mul(other).sum();
        }
        Autograd.backward(y);
        assertNull(Autograd.gradient(x));
        assertArrayEquals(new float[] {1, 2}, Autograd.gradient(other).toFloatArray());
    }

    @Test
    void theAngleOfTheOriginHasASlopeOfZero() {
        NDArray b = NDArray.of(0f, 1e30f);
        NDArray a = slope(NDArray.of(0f, 0f), x -> Elementwise.atan2(x, b));
        assertArrayEquals(new float[] {0, 1e-30f}, a.toFloatArray(), 1e-37f);
    }

    @Test
    void aSingularDeterminantsGradientIsTheAdjugate() {
        NDArray two = slope(NDArray.of(Shape.of(2, 2), 1f, 2f, 2f, 4f), Linalg::det);
        assertArrayEquals(new float[] {4, -2, -2, 1}, two.toFloatArray(), 1e-6f);
        NDArray rankOne = slope(NDArray.ones(Shape.of(3, 3), DType.FLOAT64), Linalg::det);
        assertArrayEquals(new double[9], rankOne.toDoubleArray(), 0);
        raised(
                ArithmeticException.class,
                () -> slope(NDArray.ones(Shape.of(2, 2), DType.FLOAT32), a -> Linalg.logDeterminant(a)[0]));
    }

    @Test
    void aLogarithmOfNoExponentialsPassesNoGradient() {
        NDArray dx = slope(NDArray.of(Shape.of(2, 2), -INF, -INF, 0f, -INF), x -> Reductions.logSumExp(x, 1));
        assertArrayEquals(new float[] {0, 0, 1, 0}, dx.toFloatArray());
    }

    @Test
    void aQueryWhoseMaskIsMinusInfinityIsAQueryWithoutKeys() {
        NDArray added = NDArray.of(Shape.of(3, 3), 0f, -INF, 1f, -INF, -INF, -INF, -INF, 0f, -INF);
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64, DType.FLOAT16, DType.BFLOAT16)) {
            for (boolean causal : new boolean[] {false, true}) {
                attends(type, causal, added.cast(type));
            }
        }
    }

    private static void attends(DType type, boolean causal, NDArray mask) {
        NDArray keys =
                NDArray.of(Shape.of(1, 3, 2), 1f, 2f, -1f, 0.5f, 0.25f, 1f).cast(type);
        UnaryOperator<NDArray> attention = x -> Attention.scaledDotProduct(x, keys, x.mul(2), mask, causal);
        float[] y = attention.apply(keys).toFloatArray();
        assertArrayEquals(new float[2], Arrays.copyOfRange(y, 2, 4), type + " row 1");
        float[] finite = y.clone();
        for (int i = 0; i < finite.length; i++) {
            finite[i] = Float.isFinite(y[i]) ? y[i] : 1e9f;
        }
        assertArrayEquals(finite, y, type + " " + causal);
        try (Block hybrid = hybrid(attention)) {
            float[] eager = slope(keys.copy(), attention).toFloatArray();
            float[] compiled = slope(keys.copy(), hybrid::call).toFloatArray();
            for (float g : eager) {
                assertArrayEquals(new float[] {g}, new float[] {Float.isFinite(g) ? g : 1e9f});
            }
            assertArrayEquals(eager, compiled, type == DType.FLOAT32 || type == DType.FLOAT64 ? 1e-5f : 0.05f);
            NDArray dm = slope(mask.copy(), m -> Attention.scaledDotProduct(keys, keys, keys, m, causal));
            assertArrayEquals(new float[3], Arrays.copyOfRange(dm.toFloatArray(), 3, 6), type + " mask's row 1");
        }
    }
}
