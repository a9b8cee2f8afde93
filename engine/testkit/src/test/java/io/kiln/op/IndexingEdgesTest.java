package io.kiln.op;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Embedding;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.nn.Neural;
import io.kiln.optim.Adam;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import org.junit.jupiter.api.Test;

class IndexingEdgesTest {
    private static NDArray longs(long... values) {
        return NDArray.of(Shape.of(values.length), values);
    }

    private static double[][] gradients(ScatterMode mode, NDArray x, NDArray indices, NDArray u, NDArray head) {
        Autograd.attachGradient(x);
        Autograd.attachGradient(u);
        NDArray sum;
        try (Autograd.Mode record = Autograd.record()) {
            sum = Indexing.scatter(x, indices, u, 0, mode).mul(head).sum();
        }
        Autograd.backward(sum);
        return new double[][] {
            Autograd.gradient(x).toDoubleArray(), Autograd.gradient(u).toDoubleArray()
        };
    }

    @Test
    void ofSeveralUpdatesTheLastOneStaysAndHasTheGradient() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray u = NDArray.of(10, 20, 30);
        NDArray indices = longs(2, 0, -1);
        assertArrayEquals(
                new float[] {20, 2, 30},
                Indexing.scatter(x, indices, u, 0, ScatterMode.SET).toFloatArray());
        double[][] d = gradients(ScatterMode.SET, x, indices, u, NDArray.of(5, 6, 7));
        assertArrayEquals(new double[] {0, 6, 0}, d[0]);
        assertArrayEquals(new double[] {0, 5, 7}, d[1]);
    }

    @Test
    void gradientsOfProductsPassZeros() {
        NDArray x = NDArray.of(0, 2, 0);
        NDArray u = NDArray.of(3, 0, 4, 0);
        double[][] d = gradients(ScatterMode.MUL, x, longs(0, 1, 1, 2), u, NDArray.of(1, 1, 1));
        assertArrayEquals(new double[] {3, 0, 0}, d[0]);
        assertArrayEquals(new double[] {0, 8, 0, 0}, d[1]);
    }

    @Test
    void extremesShareTheirGradientAndKeepNaN() {
        NDArray x = NDArray.of(1, Float.NaN);
        NDArray u = NDArray.of(1, 0, 5);
        NDArray y = Indexing.scatter(x, longs(0, 0, 1), u, 0, ScatterMode.MAX);
        assertArrayEquals(new float[] {1, Float.NaN}, y.toFloatArray());
        double[][] d = gradients(ScatterMode.MAX, x, longs(0, 0, 1), u, NDArray.of(1, 1));
        assertArrayEquals(new double[] {0.5, 0}, d[0]);
        assertArrayEquals(new double[] {0.5, 0, 0}, d[1]);
    }

    @Test
    void negativeIndicesCountFromTheEnd() {
        NDArray x = NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        assertArrayEquals(
                new float[] {3, 1, 6, 4}, Indexing.gather(x, longs(-1, 0), 1).toFloatArray());
        NDArray rows = NDArray.of(Shape.of(2, 1), -1L, -3L);
        assertArrayEquals(new float[] {3, 4}, Indexing.gatherAlong(x, rows, 1).toFloatArray());
        NDArray places = NDArray.of(Shape.of(1, 2), -1L, -2L);
        assertArrayEquals(new float[] {5}, Indexing.gatherNd(x, places).toFloatArray());
        NDArray put = Indexing.scatterNdUpdate(x, places, NDArray.of(9), ScatterMode.SET);
        assertArrayEquals(new float[] {1, 2, 3, 4, 9, 6}, put.toFloatArray());
    }

    @Test
    void indicesOutsideNameAxisAndValue() {
        NDArray x = NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        IndexOutOfBoundsException e =
                raised(IndexOutOfBoundsException.class, () -> Indexing.gather(x, longs(0, -4), 1));
        assertEquals("gather (axis 1): indices must be from -3 to 2, got -4 at [1]", e.getMessage());
        IndexOutOfBoundsException padding =
                raised(IndexOutOfBoundsException.class, () -> Neural.embedding(longs(-1), x));
        assertEquals("gather (axis 0): indices must be from 0 to 1, got -1 at [0]", padding.getMessage());
    }

    @Test
    void slicesGoBackwardsAsInPython() {
        NDArray x = NDArray.of(0, 1, 2, 3, 4);
        assertArrayEquals(
                new float[] {4, 3, 2, 1, 0},
                x.slice(0, Long.MAX_VALUE, Long.MIN_VALUE, -1).toFloatArray());
        assertArrayEquals(new float[] {3, 1}, x.slice(0, 3, 0, -2).toFloatArray());
        assertArrayEquals(new float[] {4, 2}, x.slice(0, -1, -4, -2).toFloatArray());
        assertEquals(0, x.slice(0, 1, 3, -1).size());
        Autograd.attachGradient(x);
        NDArray sum;
        try (Autograd.Mode record = Autograd.record()) {
            sum = x.slice(0, 3, 0, -2).mul(NDArray.of(7, 8)).sum();
        }
        Autograd.backward(sum);
        assertArrayEquals(new float[] {0, 8, 0, 7, 0}, Autograd.gradient(x).toFloatArray());
    }

    @Test
    void trainingLeavesTheRowOfPadding() {
        for (boolean byRows : new boolean[] {false, true}) {
            Embedding table = new Embedding(4, 3).withPaddingIndex(-2);
            if (byRows) {
                table.withRowGradient();
            }
            table.initialize(3);
            Trainer trainer = new Trainer(table.parameters(), new UpdateRule(new Adam(), 0.1));
            for (int i = 0; i < 3; i++) {
                NDArray loss;
                try (Autograd.Mode record = Autograd.record()) {
                    loss = table.call(longs(0, 2, 2, 3)).sub(1).square().sum();
                }
                Autograd.backward(loss);
                trainer.step(1);
            }
            NDArray weight = table.parameters().get("weight").value();
            assertArrayEquals(new float[3], weight.slice(0, 2, 3).toFloatArray());
            assertTrue(weight.slice(0, 0, 1).get(0, 0) > 0.1);
        }
    }

    @Test
    void overlappingMemoryIsNotWrittenTo() {
        NDArray wide = NDArray.of(1, 2).reshape(2, 1).broadcastTo(Shape.of(2, 3));
        assertTrue(assertThrows(IllegalStateException.class, () -> wide.assign(NDArray.scalar(3, DType.FLOAT32)))
                .getMessage()
                .contains("share memory; write to a copy()"));
        assertThrows(IllegalStateException.class, () -> wide.fill(0));
        assertThrows(IllegalStateException.class, () -> wide.assign(1, 2, 3, 4, 5, 6));
        NDArray windows = NDArray.of(1, 2, 3, 4).view(Shape.of(3, 2), new long[] {1, 1}, 0);
        assertThrows(IllegalStateException.class, () -> windows.fill(0));
    }

    @Test
    void assigningAShiftedViewOfTheSameMemoryCopiesItFirst() {
        NDArray x = NDArray.of(1, 2, 3, 4);
        x.slice(0, 1, 4).assign(x.slice(0, 0, 3));
        assertArrayEquals(new float[] {1, 1, 2, 3}, x.toFloatArray());
    }

    @Test
    void mistakesNameOperationAndArgument() {
        NDArray x = NDArray.of(1, 2);
        says("add: input 1 of 2 is null", () -> x.add(null));
        says("arange: from 0.0 to 1.0E12", () -> NDArray.arange(0, 1e12, 1, DType.FLOAT32));
        says("more than 2^63-1 bytes", () -> NDArray.empty(Shape.of(1L << 31, 1L << 31), DType.FLOAT64));
        NDArray none = NDArray.zeros(Shape.of(0, 2), DType.FLOAT32);
        says("gather (axis 0): the axis is empty, got 0", () -> Indexing.gather(none, longs(0), 0));
    }

    private static void says(String part, org.junit.jupiter.api.function.Executable call) {
        String m = raised(RuntimeException.class, call).getMessage();
        assertTrue(m.contains(part), m);
    }
}
