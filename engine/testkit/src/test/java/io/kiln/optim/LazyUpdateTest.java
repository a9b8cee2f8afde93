package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.GradReq;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Embedding;
import io.kiln.op.index.Indexing;
import io.kiln.op.nn.Neural;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Row-sparse gradients from the tape to the optimizer. */
class LazyUpdateTest {
    private static final long[] LOOKED_UP = {4, 1, 4};
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(3);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray table() {
        return RandomOps.normal(Shape.of(6, 3), 0, 1, DType.FLOAT32);
    }

    private static void pass(NDArray table, long... index) {
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = Neural.embedding(NDArray.of(Shape.of(index.length), index), table)
                    .square()
                    .sum();
        }
        Autograd.backward(loss);
    }

    @Test
    void theGradientHoldsTheRowsThatWereLookedUpEachOnce() {
        NDArray w = Autograd.attachRowGradient(table(), GradReq.WRITE);
        pass(w, LOOKED_UP);
        RowSparse g = Autograd.rowGradient(w);
        assertArrayEquals(new long[] {1, 4}, g.indices().toLongArray());
        NDArray rows = Indexing.gather(w, NDArray.of(Shape.of(2), 1L, 4L), 0);
        assertArrayEquals(
                rows.mul(NDArray.of(Shape.of(2, 1), 2f, 4f)).toFloatArray(),
                g.rows().toFloatArray(),
                1e-5f);
    }

    @Test
    void askedForDenseItIsTheDenseGradient() {
        NDArray values = table();
        NDArray dense = Autograd.attachGradient(values.copy());
        NDArray byRows = Autograd.attachRowGradient(values.copy(), GradReq.WRITE);
        pass(dense, LOOKED_UP);
        pass(byRows, LOOKED_UP);
        float[] expected = Autograd.gradient(dense).toFloatArray();
        assertArrayEquals(expected, Autograd.gradient(byRows).toFloatArray(), 1e-6f);
        assertNull(Autograd.rowGradient(byRows));
    }

    @Test
    void passesAddUpWhenAsked() {
        NDArray values = table();
        NDArray dense = Autograd.attachGradient(values.copy(), GradReq.ADD);
        NDArray byRows = Autograd.attachRowGradient(values.copy(), GradReq.ADD);
        for (NDArray w : List.of(dense, byRows)) {
            pass(w, LOOKED_UP);
            pass(w, 0, 1);
        }
        assertArrayEquals(
                new long[] {0, 1, 4}, Autograd.rowGradient(byRows).indices().toLongArray());
        assertArrayEquals(
                Autograd.gradient(dense).toFloatArray(),
                Autograd.rowGradient(byRows).toDense().toFloatArray(),
                1e-5f);
    }

    @Test
    void otherUsesOfTheTableMakeItsGradientDense() {
        NDArray w = Autograd.attachRowGradient(table(), GradReq.WRITE);
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray looked = Neural.embedding(NDArray.of(Shape.of(3), LOOKED_UP), w);
            loss = looked.sum().add(w.mul(2).sum());
        }
        Autograd.backward(loss);
        assertNull(Autograd.rowGradient(w));
        float[] g = Autograd.gradient(w).toFloatArray();
        assertEquals(2, g[0]);
        assertEquals(3, g[3]);
        assertEquals(4, g[12]);
    }

    @Test
    void rowsThatWereNotLookedUpRestWithTheirMomentum() {
        for (Optimizer optimizer : List.of(new Sgd(0), new Sgd(0.9), new Adam(), new AdaGrad())) {
            NDArray start = table();
            Embedding lazy = new Embedding(6, 3).withRowGradient();
            Embedding dense = new Embedding(6, 3);
            float[] before = start.toFloatArray();
            try (Trainer a = trainer(lazy, start, optimizer);
                    Trainer b = trainer(dense, start, optimizer)) {
                step(lazy, a, 1, 4, 4);
                step(dense, b, 1, 4, 4);
                // A first step from states of zero moves only the rows with a gradient.
                assertArrayEquals(weights(dense), weights(lazy), 1e-6f, optimizer.toString());
                float[] after = weights(lazy);
                step(lazy, a, 0);
                float[] later = weights(lazy);
                for (int i = 0; i < later.length; i++) {
                    float expected = i / 3 == 0 ? later[i] : i / 3 == 1 || i / 3 == 4 ? after[i] : before[i];
                    assertEquals(expected, later[i], optimizer + " element " + i);
                }
                assertTrue(later[0] != before[0], optimizer.toString());
            }
        }
    }

    @Test
    void optimizersThatAreNotLazyGetTheDenseGradient() {
        NDArray start = table();
        Embedding byRows = new Embedding(6, 3).withRowGradient();
        Embedding dense = new Embedding(6, 3);
        Optimizer optimizer = new RmsProp();
        try (Trainer a = trainer(byRows, start, optimizer);
                Trainer b = trainer(dense, start, optimizer)) {
            for (int i = 0; i < 3; i++) {
                step(byRows, a, 1, 4, i);
                step(dense, b, 1, 4, i);
            }
            assertArrayEquals(weights(dense), weights(byRows), 1e-6f);
        }
        try (RowSparse rows = RowSparse.fromDense(start)) {
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> Updates.runLazily(optimizer, null, start, rows, start, start))
                    .getMessage();
            assertTrue(message.contains("cannot update lazily; use the dense gradient"), message);
        }
    }

    @Test
    void theNormOfRowsIsClippedAsThatOfTheDenseGradient() {
        NDArray start = table();
        Embedding byRows = new Embedding(6, 3).withRowGradient();
        Embedding dense = new Embedding(6, 3);
        UpdateRule rule = new UpdateRule(new Sgd(), 0.1).withClipNorm(0.5);
        byRows.parameters().get("weight").set(start);
        dense.parameters().get("weight").set(start);
        try (Trainer a = new Trainer(byRows.parameters(), rule);
                Trainer b = new Trainer(dense.parameters(), rule)) {
            step(byRows, a, 1, 4, 4);
            step(dense, b, 1, 4, 4);
            assertArrayEquals(weights(dense), weights(byRows), 1e-6f);
        }
    }

    @Test
    void rowsOutsideOfTheArrayAreRefused() {
        assertEquals(
                "rowSparse: rows must be from 0 to 5, got 6",
                assertThrows(
                                IndexOutOfBoundsException.class,
                                () -> RowSparse.of(
                                        Shape.of(6, 1), NDArray.of(Shape.of(1), 6L), NDArray.of(Shape.of(1, 1), 1f)))
                        .getMessage());
    }

    @Test
    void denseAndBackKeepsTheArray() {
        NDArray x = NDArray.of(Shape.of(3, 2), 0f, 0f, 1f, 0f, 0f, Float.NaN);
        RowSparse rows = RowSparse.fromDense(x);
        assertArrayEquals(new long[] {1, 2}, rows.indices().toLongArray());
        assertArrayEquals(x.toFloatArray(), rows.toDense().toFloatArray());
        RowSparse none = RowSparse.fromDense(NDArray.zeros(Shape.of(3, 2), DType.FLOAT32));
        assertEquals(0, none.indices().size());
        assertArrayEquals(new float[6], none.toDense().toFloatArray());
    }

    private static Trainer trainer(Embedding layer, NDArray start, Optimizer optimizer) {
        layer.parameters().get("weight").set(start);
        return new Trainer(layer.parameters(), new UpdateRule(optimizer, 0.1));
    }

    private static void step(Embedding layer, Trainer trainer, long... index) {
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = layer.forward(NDArray.of(Shape.of(index.length), index))
                    .square()
                    .sum();
        }
        Autograd.backward(loss);
        trainer.step(1);
    }

    private static float[] weights(Embedding layer) {
        return layer.parameters().get("weight").value().toFloatArray();
    }
}
