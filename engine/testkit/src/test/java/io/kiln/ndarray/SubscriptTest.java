package io.kiln.ndarray;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SubscriptTest {
    private static NDArray numbers() {
        return NDArray.arange(0, 24, 1, DType.FLOAT32).reshape(2, 3, 4);
    }

    // Shapes and first elements are those of numpy.arange(24).reshape(2, 3, 4)[…].
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "…, 1:, ::2 | [2,2,2] | 4",
                "..., -1 | [2,3] | 3",
                "1 | [3,4] | 12",
                "-1, 0, 2 | [] | 14",
                ": , 1 | [2,4] | 4",
                ":, ::-1, -3:-1 | [2,3,2] | 9",
                "None, 1, ..., newaxis | [1,3,4,1] | 12",
                "…, 3:0:-2 | [2,3,2] | 3",
                "5: | [0,3,4] | NaN",
                "'' | [2,3,4] | 0"
            })
    void partsAreThoseOfNumpy(String index, String shape, double first) {
        NDArray part = numbers().get(index);
        assertEquals(shape, part.shape().toString());
        assertEquals(first, part.size() == 0 ? Double.NaN : part.toDoubleArray()[0]);
    }

    @Test
    void partsAreViewsWhereTheyGoForwards() {
        NDArray x = numbers();
        assertSame(x.storage(), x.get("…, 1:, ::2").storage());
    }

    @Test
    void mistakesAreNamed() {
        NDArray x = numbers();
        says("\"a\" in \"a, 1\" is not an index", () -> x.get("a, 1"));
        says("index 3 in \"0, 3\" is outside axis 1 of shape [2,3,4]; it must be from -3 to 2", () -> x.get("0, 3"));
        says("4 items and 0 ellipses for shape [2,3,4]", () -> x.get("0,0,0,0"));
        says("2 ellipses", () -> x.get("…, ..."));
        says("must not be 0", () -> x.get("::0"));
        says("is not start:stop:step", () -> x.get("1:2:3:4"));
        says(
                "a mask must have the shape of the first axes of x[2,3,4], got mask[3]",
                () -> x.get(NDArray.of(Shape.of(3), true, false, true)));
    }

    @Test
    void anIndexOutsideIsTheSameErrorHoweverItIsGiven() {
        NDArray x = NDArray.zeros(Shape.of(2, 3), DType.FLOAT32);
        NDArray outside = NDArray.of(Shape.of(1), 2L);
        raised(IndexOutOfBoundsException.class, () -> x.get("2"));
        raised(IndexOutOfBoundsException.class, () -> x.get(2, 0));
        raised(IndexOutOfBoundsException.class, () -> x.get(outside));
        raised(IndexOutOfBoundsException.class, () -> x.set("2", 1));
        raised(IndexOutOfBoundsException.class, () -> x.set(2, 0, 1));
        raised(IndexOutOfBoundsException.class, () -> x.set(outside, x.get("0")));
    }

    private static void says(String part, org.junit.jupiter.api.function.Executable call) {
        String m = assertThrows(RuntimeException.class, call).getMessage();
        assertTrue(m.contains(part), m);
    }

    @Test
    void masksAndIndicesChoose() {
        NDArray x = numbers();
        assertArrayEquals(new float[] {22, 23}, x.get(x.gt(21)).toFloatArray());
        NDArray row = NDArray.of(Shape.of(2), true, false);
        assertEquals(Shape.of(1, 3, 4), x.get(row).shape());
        assertEquals(12, x.get(NDArray.of(Shape.of(1), -1L)).get(0, 0, 0));
        NDArray pairs = x.get(NDArray.of(Shape.of(2), 0L, 1L), NDArray.of(Shape.of(2), 2L, -1L));
        assertArrayEquals(new float[] {8, 9, 10, 11, 20, 21, 22, 23}, pairs.toFloatArray());
    }

    @Test
    void partsAreOverwritten() {
        NDArray x = NDArray.zeros(Shape.of(2, 3), DType.FLOAT32);
        x.set("0, ::-1", NDArray.of(1, 2, 3));
        x.set("…, -1", 7);
        assertArrayEquals(new float[] {3, 2, 7, 0, 0, 7}, x.toFloatArray());
        x.set(x.gt(2), NDArray.scalar(-1, DType.FLOAT32));
        assertArrayEquals(new float[] {-1, 2, -1, 0, 0, -1}, x.toFloatArray());
        x.set(NDArray.of(Shape.of(1), -1L), NDArray.of(4, 5, 6));
        assertArrayEquals(new float[] {-1, 2, -1, 4, 5, 6}, x.toFloatArray());
    }

    @Test
    void elementsAreOverwritten() {
        NDArray x = NDArray.zeros(Shape.of(2, 3), DType.INT32);
        x.set(0, 1, 5);
        x.transpose().set(-1, -1, 7);
        assertArrayEquals(new int[] {0, 5, 0, 0, 0, 7}, x.toIntArray());
        NDArray line = NDArray.zeros(Shape.of(2), DType.FLOAT64);
        line.set(1, 0.1);
        assertEquals(0.1, line.get(1));
        NDArray cube = NDArray.zeros(Shape.of(2, 2, 2), DType.FLOAT32);
        cube.set(1, 0, 1, 2);
        assertEquals(2, cube.get(1, 0, 1));
        NDArray four = NDArray.zeros(Shape.of(1, 2, 2, 2), DType.FLOAT32);
        four.set(0, 1, 0, 1, 2);
        assertEquals(2, four.get(0, 1, 0, 1));
        says("set: index 3 is outside axis 1 of shape [2,3]; it must be from -3 to 2", () -> x.set(0, 3, 1));
        says("set: shape [2,3] needs 2 indices, got 1", () -> x.set(0, 1));
        says("share memory", () -> line.broadcastTo(Shape.of(3, 2)).set(0, 0, 1));
    }

    @Test
    void partsAreDifferentiatedAndTraced() {
        NDArray x = numbers();
        Autograd.attachGradient(x);
        NDArray sum;
        try (Autograd.Mode record = Autograd.record()) {
            sum = x.get("1, ::-2, :2").sum();
        }
        Autograd.backward(sum);
        assertEquals(4, Autograd.gradient(x).sum().item());
        assertEquals(1, Autograd.gradient(x).get(1, 2, 1));
        try (GraphBuilder b = GraphBuilder.open()) {
            NDArray in = b.input("x", new Spec(Shape.of(Shape.UNKNOWN, 3, 4), DType.FLOAT32));
            Graph g = b.build(in.get(":, -1, 1:"));
            assertEquals(Shape.of(Shape.UNKNOWN, 3), g.spec(g.outputs().get(0)).shape());
        }
    }
}
