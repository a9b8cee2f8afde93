package io.kiln.op;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.Csr;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.activation.ActivationFunctions;
import io.kiln.op.index.IndexMode;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.SegmentMax;
import io.kiln.op.index.SegmentMin;
import io.kiln.op.index.Segments;
import io.kiln.op.index.Unique;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Functions;
import io.kiln.op.math.Where;
import io.kiln.op.nn.Normalisation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.op.recurrent.Sequences;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import io.kiln.op.sparse.CsrDot;
import io.kiln.op.sparse.CsrToDense;
import io.kiln.op.sparse.EmbeddingBagOp;
import io.kiln.op.sparse.Sparse;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Edges, errors and groups of the operators beyond arithmetic. */
class ExtraOperatorsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(5);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static void says(String message, Class<? extends Throwable> type, Executable call) {
        assertEquals(message, raised(type, call).getMessage());
    }

    @Test
    void segmentsComposedOfOtherOperatorsHaveTheExtremesOfTheKernels() {
        NDArray x = NDArray.of(Shape.of(5, 2), 3f, -1, 4, -1, Float.NaN, -9, 2, -6, 5, -3);
        NDArray segment = NDArray.of(Shape.of(5), 2, 0, 3, 2, 0);
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT32, DType.INT64)) {
            NDArray rows = x.cast(type);
            for (Operator o : List.of(new SegmentMax(5), new SegmentMin(5))) {
                NDArray composed = o.compose(rows, segment)[0];
                assertEquals(Dispatch.one(o, rows, segment).spec(), composed.spec());
                assertArrayEquals(
                        Dispatch.one(o, rows, segment).toDoubleArray(), composed.toDoubleArray(), o.name() + type);
            }
        }
        NDArray none = NDArray.zeros(Shape.of(0, 2), DType.FLOAT32);
        NDArray nowhere = NDArray.zeros(Shape.of(0), DType.INT32);
        assertArrayEquals(new float[6], new SegmentMax(3).compose(none, nowhere)[0].toFloatArray());
    }

    @Test
    void maskedLogSoftmaxHasTheGradientOfWhatTheMaskChooses() {
        NDArray mask = NDArray.of(Shape.of(2, 3), true, false, true, false, false, false);
        NDArray x = Autograd.attachGradient(NDArray.of(Shape.of(2, 3), 1f, 50, 2, 3, 4, 5));
        NDArray y;
        NDArray chosen;
        try (Autograd.Mode record = Autograd.record()) {
            y = ActivationFunctions.maskedLogSoftmax(x, mask, 1);
            chosen = Dispatch.one(new Where(), mask, y, NDArray.zeros(Shape.of(2, 3), DType.FLOAT32));
        }
        float none = Float.NEGATIVE_INFINITY;
        double sum = Math.log(Math.exp(1) + Math.exp(2));
        assertArrayEquals(
                new float[] {(float) (1 - sum), none, (float) (2 - sum), none, none, none}, y.toFloatArray(), 1e-5f);
        NDArray weights = NDArray.of(Shape.of(2, 3), 1f, 7, 0, 1, 1, 1);
        Autograd.backward(List.of(chosen), List.of(weights), false, v -> {});
        float p = (float) Math.exp(1 - sum);
        assertArrayEquals(
                new float[] {1 - p, 0, p - 1, 0, 0, 0}, Autograd.gradient(x).toFloatArray(), 1e-5f);
    }

    @Test
    void takingMovesIndicesInsideAsToldWhereGatherRefusesThem() {
        NDArray x = NDArray.of(10f, 20f, 30f);
        NDArray i = NDArray.of(Shape.of(4), -1L, 0L, 3L, -4L);
        assertArrayEquals(
                new float[] {30, 10, 10, 30},
                Indexing.take(x, i, 0, IndexMode.WRAP).toFloatArray());
        assertArrayEquals(
                new float[] {10, 10, 30, 10},
                Indexing.take(x, i, 0, IndexMode.CLIP).toFloatArray());
        says(
                "gather (axis 0): indices must be from -3 to 2, got 3 at [2]",
                IndexOutOfBoundsException.class,
                () -> Indexing.gather(x, i, 0));
    }

    @Test
    void masksChooseEntriesAndGradientsFlowToThem() {
        NDArray x = Autograd.attachGradient(NDArray.of(Shape.of(3, 2), 1f, 2f, 3f, 4f, 5f, 6f));
        NDArray mask = NDArray.of(Shape.of(3), true, false, true);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = Indexing.booleanMask(x, mask, 0);
        }
        assertArrayEquals(new float[] {1, 2, 5, 6}, y.toFloatArray());
        Autograd.backward(y);
        assertArrayEquals(new float[] {1, 1, 0, 0, 1, 1}, Autograd.gradient(x).toFloatArray());
        assertEquals(
                Shape.of(0, 2),
                Indexing.booleanMask(x, NDArray.zeros(Shape.of(3), DType.BOOL), 0)
                        .shape());
        says(
                "booleanMask: axis 1 of x[3,2] needs mask[2], got mask[3]",
                ShapeException.class,
                () -> Indexing.booleanMask(x, mask, 1));
    }

    @Test
    void nonzeroNamesPlacesInRowMajorOrder() {
        NDArray x = NDArray.of(Shape.of(2, 3), 0f, 1f, 0f, Float.NaN, 0f, -2f);
        NDArray places = Indexing.nonzero(x);
        assertEquals(Shape.of(3, 2), places.shape());
        assertArrayEquals(new long[] {0, 1, 1, 0, 1, 2}, places.toLongArray());
        assertEquals(
                Shape.of(1, 0),
                Indexing.nonzero(NDArray.scalar(3, DType.FLOAT32)).shape());
        assertEquals(
                Shape.of(0, 1),
                Indexing.nonzero(NDArray.zeros(Shape.of(0), DType.FLOAT32)).shape());
    }

    @Test
    void uniqueSortsCountsAndTellsPlaces() {
        Unique u = Indexing.unique(NDArray.of(Shape.of(2, 3), 2f, Float.NaN, 1f, 2f, Float.NaN, -0f));
        assertArrayEquals(new float[] {-0f, 1, 2, Float.NaN}, u.values().toFloatArray());
        assertArrayEquals(new long[] {2, 3, 1, 2, 3, 0}, u.inverse().toLongArray());
        assertArrayEquals(new long[] {1, 1, 2, 2}, u.counts().toLongArray());
        assertEquals(Shape.of(2, 3), u.inverse().shape());
        long big = 1L << 60;
        Unique whole = Indexing.unique(NDArray.of(Shape.of(3), big + 1, big, big + 1));
        assertArrayEquals(new long[] {big, big + 1}, whole.values().toLongArray());
        assertEquals(
                0,
                Indexing.unique(NDArray.zeros(Shape.of(0), DType.INT32))
                        .values()
                        .size());
    }

    @Test
    void numbersAreCountedByValue() {
        NDArray x = NDArray.of(Shape.of(2, 3), 1, 3, 1, 0, 1, 3);
        assertArrayEquals(new long[] {1, 3, 0, 2, 0}, Indexing.bincount(x, 5).toLongArray());
    }

    @Test
    void spacedNumbersHoldBothEnds() {
        assertArrayEquals(
                new double[] {-1, -0.5, 0, 0.5, 1},
                Creation.linspace(-1, 1, 5, DType.FLOAT64).toDoubleArray());
        assertArrayEquals(
                new double[] {3}, Creation.linspace(3, 9, 1, DType.FLOAT64).toDoubleArray());
        assertEquals(0, Creation.linspace(3, 9, 0, DType.FLOAT32).size());
        double[] many = Creation.linspace(0.1, 0.7, 1001, DType.FLOAT64).toDoubleArray();
        assertEquals(0.1, many[0]);
        assertEquals(0.7, many[1000]);
        assertArrayEquals(
                new float[] {1, 10, 100},
                Creation.logspace(0, 2, 3, 10, DType.FLOAT32).toFloatArray(),
                1e-4f);
        says(
                "linspace: count must be at least 0, got -1",
                IllegalArgumentException.class,
                () -> Creation.linspace(0, 1, -1, DType.FLOAT32));
    }

    @Test
    void unitMatricesAndGridsAreMadeFromNumbers() {
        assertArrayEquals(
                new float[] {0, 1, 0, 0, 0, 1},
                Creation.eye(2, 3, 1, DType.FLOAT32).toFloatArray());
        assertArrayEquals(new long[] {1, 0, 0, 1}, Creation.eye(2, DType.INT64).toLongArray());
        List<NDArray> grid = Creation.meshgrid(NDArray.of(1f, 2f), NDArray.of(5f, 6f, 7f));
        assertArrayEquals(new float[] {1, 1, 1, 2, 2, 2}, grid.get(0).toFloatArray());
        assertArrayEquals(new float[] {5, 6, 7, 5, 6, 7}, grid.get(1).toFloatArray());
    }

    @Test
    void matricesAreBuiltAgainFromTheirFactors() {
        for (long[] size : new long[][] {{6, 4}, {4, 6}, {5, 5}, {1, 3}, {40, 30}}) {
            NDArray a = RandomOps.normal(Shape.of(2, size[0], size[1]), 0, 1, DType.FLOAT64);
            NDArray[] qr = Linalg.qr(a);
            near(a, qr[0].matmul(qr[1]));
            NDArray[] svd = Linalg.svd(a);
            near(a, svd[0].mul(svd[1].expandDims(-2)).matmul(svd[2]));
            long k = Math.min(size[0], size[1]);
            NDArray unit = Creation.eye(k, DType.FLOAT64).broadcastTo(Shape.of(2, k, k));
            near(unit, Linalg.matrixTranspose(svd[0]).matmul(svd[0]));
            near(unit, svd[2].matmul(Linalg.matrixTranspose(svd[2])));
            double[] s = svd[1].toDoubleArray();
            for (int i = 1; i < k; i++) {
                assertTrue(s[i - 1] >= s[i] && s[i] >= 0);
            }
            NDArray square = a.matmul(Linalg.matrixTranspose(a));
            NDArray[] eigen = Linalg.eigh(square);
            near(square, eigen[1].mul(eigen[0].expandDims(-2)).matmul(Linalg.matrixTranspose(eigen[1])));
        }
    }

    private static void near(NDArray expected, NDArray got) {
        assertEquals(expected.shape(), got.shape());
        assertArrayEquals(expected.toDoubleArray(), got.toDoubleArray(), 1e-10);
    }

    @Test
    void matricesOfLowRankHaveOrthonormalVectorsToo() {
        NDArray a = NDArray.of(Shape.of(3, 2), 1d, 2, 2, 4, 3, 6);
        NDArray[] svd = Linalg.svd(a);
        near(a, svd[0].mul(svd[1].expandDims(-2)).matmul(svd[2]));
        near(Creation.eye(2, DType.FLOAT64), Linalg.matrixTranspose(svd[0]).matmul(svd[0]));
        NDArray[] none = Linalg.svd(NDArray.zeros(Shape.of(2, 2), DType.FLOAT64));
        assertArrayEquals(new double[2], none[1].toDoubleArray());
        near(Creation.eye(2, DType.FLOAT64), Linalg.matrixTranspose(none[0]).matmul(none[0]));
    }

    @Test
    void singularAndIndefiniteMatricesAreRefusedByName() {
        NDArray singular = NDArray.of(Shape.of(2, 2), 1f, 2f, 2f, 4f);
        says(
                "inverse: matrix 0 of a is singular; add a multiple of the unit matrix, or use svd",
                ArithmeticException.class,
                () -> Linalg.inverse(singular));
        says(
                "cholesky: matrix 0 of a is not positive definite; add a multiple of the unit matrix",
                ArithmeticException.class,
                () -> Linalg.cholesky(singular.neg()));
        says(
                "inverse: needs floating square matrices a[…,n,n], got float32[2,3]",
                ShapeException.class,
                () -> Linalg.inverse(NDArray.zeros(Shape.of(2, 3), DType.FLOAT32)));
    }

    @Test
    void secondDerivativesOfFactorsEqualDifferences() {
        NDArray a = RandomOps.normal(Shape.of(3, 3), 0, 1, DType.FLOAT64);
        NDArray definite = a.matmul(Linalg.matrixTranspose(a))
                .add(Creation.eye(3, DType.FLOAT64).mul(2));
        for (UnaryOperator<NDArray> f : List.<UnaryOperator<NDArray>>of(
                Linalg::cholesky,
                Linalg::inverse,
                Linalg::det,
                x -> Linalg.logDeterminant(x)[0],
                x -> Linalg.qr(x)[1],
                x -> Linalg.svd(x)[1],
                x -> Linalg.svd(x)[0],
                x -> Linalg.eigh(x)[0],
                x -> Linalg.eigh(x)[1],
                x -> Linalg.solve(x, a))) {
            twice(f, definite);
        }
    }

    /** The derivative of a weighted sum of first derivatives, along one direction. */
    private static void twice(UnaryOperator<NDArray> f, NDArray at) {
        NDArray direction = NDArray.of(Shape.of(3, 3), 0.3, -0.2, 0.5, 0.1, 0.7, -0.4, 0.2, 0.6, -0.1);
        double h = 1e-5;
        double difference = (slope(f, at.add(direction.mul(h))) - slope(f, at.sub(direction.mul(h)))) / (2 * h);
        NDArray x = Autograd.attachGradient(at.copy());
        NDArray first;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray y = f.apply(x);
            NDArray head = y.mul(y).sum();
            first = Autograd.grad(head, x, true).mul(weights()).sum();
        }
        double exact = Autograd.grad(first, x, false).mul(direction).sum().item();
        assertEquals(difference, exact, 1e-5 * Math.max(1, Math.abs(difference)));
    }

    private static NDArray weights() {
        return NDArray.of(Shape.of(3, 3), 1d, 2, -1, 0.5, -2, 1, 0.25, 1, 3);
    }

    private static double slope(UnaryOperator<NDArray> f, NDArray at) {
        NDArray x = Autograd.attachGradient(at.copy());
        NDArray head;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray y = f.apply(x);
            head = y.mul(y).sum();
        }
        return Autograd.grad(head, x, false).mul(weights()).sum().item();
    }

    @Test
    void sparseMatricesKeepTheirElementsAndMultiplyFromBothSides() {
        NDArray a = NDArray.of(Shape.of(3, 4), 0f, 1f, 0f, 2f, 0f, 0f, 0f, 0f, 3f, 0f, Float.NaN, 0f);
        Csr s = Csr.fromDense(a);
        assertArrayEquals(new long[] {0, 2, 2, 4}, s.indptr().toLongArray());
        assertArrayEquals(new long[] {1, 3, 0, 2}, s.indices().toLongArray());
        assertArrayEquals(a.toFloatArray(), Sparse.toDense(s).toFloatArray());
        Csr finite = s.withValues(NDArray.of(1f, 2f, 3f, 4f));
        NDArray dense = Sparse.toDense(finite);
        NDArray b = RandomOps.normal(Shape.of(4, 5), 0, 1, DType.FLOAT32);
        NDArray c = RandomOps.normal(Shape.of(2, 3), 0, 1, DType.FLOAT32);
        NDArray d = RandomOps.normal(Shape.of(3, 2), 0, 1, DType.FLOAT32);
        assertArrayEquals(dense.matmul(b).toFloatArray(), Sparse.dot(finite, b).toFloatArray(), 1e-5f);
        assertArrayEquals(c.matmul(dense).toFloatArray(), Sparse.dot(c, finite).toFloatArray(), 1e-5f);
        assertArrayEquals(
                Linalg.matrixTranspose(dense).matmul(d).toFloatArray(),
                Sparse.dotTransposed(finite, d).toFloatArray(),
                1e-5f);
    }

    @Test
    void gradientsFlowToTheElementsOfASparseMatrix() {
        NDArray values = Autograd.attachGradient(NDArray.of(1f, 2f));
        NDArray places = NDArray.of(Shape.of(2), 1L, 0L);
        Csr a = Csr.of(Shape.of(2, 2), NDArray.of(Shape.of(3), 0L, 1L, 2L), places, values);
        NDArray b = NDArray.of(Shape.of(2, 1), 5f, 7f);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = Sparse.dot(a, b);
        }
        Autograd.backward(y);
        assertArrayEquals(new float[] {7, 5}, Autograd.gradient(values).toFloatArray());
    }

    @Test
    void partsThatMakeNoSparseMatrixAreRefused() {
        NDArray two = NDArray.of(1f, 2f);
        NDArray places = NDArray.of(Shape.of(2), 1L, 1L);
        says(
                "csr: columns of row 0 must ascend from 0 to 2, got 1",
                IndexOutOfBoundsException.class,
                () -> Csr.of(Shape.of(1, 3), NDArray.of(Shape.of(2), 0L, 2L), places, two));
        says(
                "csr: indptr must ascend from 0 to the number of values, 2",
                IllegalArgumentException.class,
                () -> Csr.of(Shape.of(1, 3), NDArray.of(Shape.of(2), 0L, 1L), places, two));
        Csr a = Csr.fromDense(NDArray.ones(Shape.of(2, 3), DType.FLOAT32));
        says(
                "csrDot: a matrix [2,3] needs floating b[3,*], got b float32[2,2] and values float32[6]",
                ShapeException.class,
                () -> Sparse.dot(a, NDArray.ones(Shape.of(2, 2), DType.FLOAT32)));
    }

    private static NDArray bag(long[] indices, long... indptr) {
        return Dispatch.one(
                new EmbeddingBagOp(),
                NDArray.ones(Shape.of(4, 2), DType.FLOAT32),
                NDArray.of(Shape.of(indices.length), indices),
                NDArray.ones(Shape.of(indices.length), DType.FLOAT32),
                NDArray.of(Shape.of(indptr.length), indptr));
    }

    @Test
    void bagsOfRowsThatDoNotExistAreRefused() {
        assertArrayEquals(
                new float[] {2, 2, 0, 0}, bag(new long[] {1, 3}, 0, 2, 2).toFloatArray());
        says("embeddingBag: indices must be from 0 to 3, got 4294967299 at [1]", IndexRangeException.class, () -> bag(
                        new long[] {1, (1L << 32) + 3}, 0, 2)
                .toFloatArray());
        String ascend = "embeddingBag: indptr must ascend from 0 to the number of values, 2, got ";
        says(ascend + "1 at [0]", IllegalArgumentException.class, () -> bag(new long[2], 1, 2)
                .toFloatArray());
        says(ascend + "1 at [1]", IllegalArgumentException.class, () -> bag(new long[2], 0, 1)
                .toFloatArray());
        says(ascend + "3 at [1]", IllegalArgumentException.class, () -> bag(new long[2], 0, 3, 2)
                .toFloatArray());
        says(ascend + "1 at [2]", IllegalArgumentException.class, () -> bag(new long[2], 0, 2, 1, 2)
                .toFloatArray());
        says("csrToDense: columns must be from 0 to 2, got 3 at [1]", IndexRangeException.class, () -> Dispatch.one(
                        new CsrToDense(2, 3),
                        NDArray.of(Shape.of(3), 0L, 2L, 2L),
                        NDArray.of(Shape.of(2), 0L, 3L),
                        NDArray.ones(Shape.of(2), DType.FLOAT32))
                .toFloatArray());
        NDArray b = NDArray.ones(Shape.of(4, 2), DType.FLOAT32);
        says(
                "csrDot: columns must be from 0 to 3, got 4294967296 at [0]",
                IndexRangeException.class,
                () -> Dispatch.one(
                                new CsrDot(1, 4, false),
                                NDArray.of(Shape.of(2), 0L, 1L),
                                NDArray.of(Shape.of(1), 1L << 32),
                                NDArray.of(1f),
                                b)
                        .toFloatArray());
    }

    @Test
    void subscriptsThatDoNotFitSayWhy() {
        NDArray a = NDArray.zeros(Shape.of(2, 3), DType.FLOAT32);
        says(
                "einsum: index j of \"ij,jk->ik\" has size 3 in one operand and 2 in another of shape [2,3]",
                ShapeException.class,
                () -> Linalg.einsum("ij,jk->ik", a, a));
        says(
                "einsum: repeated index i of \"ii\" needs axes of one size, got shape [2,3]",
                ShapeException.class,
                () -> Linalg.einsum("ii", a));
        says(
                "einsum: index k of the result of \"ij->ik\" must occur in an operand, and once in the result",
                IllegalArgumentException.class,
                () -> Linalg.einsum("ij->ik", a));
        says(
                "einsum: operand \"ijk\" of \"ijk\" needs 3 axes, got shape [2,3]",
                ShapeException.class,
                () -> Linalg.einsum("ijk", a));
        says(
                "einsum: \"ij\" has 1 operands, got 2 arrays",
                IllegalArgumentException.class,
                () -> Linalg.einsum("ij", a, a));
    }

    @Test
    void labelsAndLengthsOutsideOfTheLogitsAreRefused() {
        NDArray x = NDArray.zeros(Shape.of(4, 1, 3), DType.FLOAT32);
        NDArray two = NDArray.of(Shape.of(1), 2);
        says(
                "ctcLoss: labels must be from 0 to 2 without the blank 0, got 0 at [0,1]; give the true lengths if this is"
                        + " padding",
                IndexOutOfBoundsException.class,
                () -> Sequences.ctcLoss(x, NDArray.of(Shape.of(1, 2), 1, 0), NDArray.of(Shape.of(1), 4), two));
        says(
                "ctcLoss: inputLength must be from 0 to 4, got 5",
                IndexOutOfBoundsException.class,
                () -> Sequences.ctcLoss(x, NDArray.of(Shape.of(1, 2), 1, 2), NDArray.of(Shape.of(1), 5), two));
    }

    @Test
    void noStepsFitNoLabelsOnly() {
        NDArray x = NDArray.zeros(Shape.of(2, 2, 3), DType.FLOAT32);
        NDArray label = NDArray.of(Shape.of(2, 1), 1, 1);
        NDArray none = NDArray.of(Shape.of(2), 0, 0);
        NDArray loss = Sequences.ctcLoss(x, label, none, NDArray.of(Shape.of(2), 0, 1));
        assertArrayEquals(new float[] {0, Float.POSITIVE_INFINITY}, loss.toFloatArray());
    }

    @Test
    void segmentsOutsideOfTheCountAreRefused() {
        NDArray x = NDArray.ones(Shape.of(2), DType.FLOAT32);
        NDArray s = NDArray.of(Shape.of(2), 0, 3);
        says(
                "segmentMax: segments must be from 0 to 2, got 3 at [1]",
                IndexOutOfBoundsException.class,
                () -> Segments.max(x, s, 3));
        says(
                "segmentMin: segments must be from 0 to 2, got 3 at [1]",
                IndexOutOfBoundsException.class,
                () -> new SegmentMin(3).compose(x, s));
        raised(IndexOutOfBoundsException.class, () -> Segments.sum(x, s, 3));
    }

    @Test
    void groupsCallTheOperatorsTheyAreNamedAfter() {
        NDArray x = NDArray.of(Shape.of(2, 2), 1f, -2f, 3f, 0f);
        assertArrayEquals(new float[] {1, 0, 3, 0}, Movement.tril(x, 0).toFloatArray());
        assertArrayEquals(new float[] {0, -2, 0, 0}, Movement.triu(x, 1).toFloatArray());
        assertArrayEquals(new float[] {-2, 1, 0, 3}, Movement.roll(x, 1, 1).toFloatArray());
        assertArrayEquals(new float[] {1, 0}, Movement.diagonal(x, 0).toFloatArray());
        assertEquals(1, Linalg.trace(x).item());
        assertEquals(6, Linalg.det(x).item(), 1e-5);
        assertEquals(3, Reductions.countNonzero(x).item());
        assertEquals(1, Reductions.any(x).item());
        assertEquals(0, Reductions.all(x).item());
        assertArrayEquals(new float[] {-0.5f, 1.5f}, Reductions.median(x, 1).toFloatArray());
        assertArrayEquals(new float[] {1, 1, 3, 3}, Reductions.cummax(x, 1)[0].toFloatArray());
        assertArrayEquals(new float[] {1, -2, 3, 0}, Reductions.cumprod(x, 1).toFloatArray());
        assertArrayEquals(
                new float[] {180, 90},
                Functions.degrees(NDArray.of((float) Math.PI, (float) Math.PI / 2))
                        .toFloatArray(),
                1e-4f);
        NDArray channels = NDArray.of(Shape.of(1, 2, 1), -1f, -2f);
        assertArrayEquals(
                new float[] {-0.1f, -1},
                ActivationFunctions.prelu(channels, NDArray.of(0.1f, 0.5f)).toFloatArray(),
                1e-6f);
        assertEquals(1, ActivationFunctions.softmin(x, 1).slice(0, 0, 1).sum().item(), 1e-6);
        assertArrayEquals(
                new float[] {0.5f},
                ActivationFunctions.glu(NDArray.of(1f, 0f), 0).toFloatArray());
        NDArray image = RandomOps.normal(Shape.of(2, 3, 4), 0, 1, DType.FLOAT32);
        NDArray normal = Normalisation.instanceNorm(
                image, NDArray.ones(Shape.of(3), DType.FLOAT32), NDArray.zeros(Shape.of(3), DType.FLOAT32), 0);
        assertArrayEquals(new float[6], normal.mean(2).toFloatArray(), 1e-6f);
    }
}
