package io.kiln.op;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.internal.GridSampleGradient;
import io.kiln.op.internal.InterpolateGradient;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.op.vision.GridPadding;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import io.kiln.op.vision.NonMaximumSuppression;
import io.kiln.op.vision.RoiAlign;
import io.kiln.op.vision.Vision;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Regions and boxes against ONNX Runtime ({@code vision.py}), and what operators on images say of mistakes. */
class VisionTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void regionsArePooledAsOnnxRuntimeDoes() {
        for (JsonNode g : Golden.read("op/vision.json").get("regions")) {
            RoiAlign op = new RoiAlign(
                    g.get("height").longValue(),
                    g.get("width").longValue(),
                    g.get("scale").doubleValue(),
                    g.get("samples").longValue(),
                    g.get("aligned").booleanValue());
            NDArray x = NDArray.of(Shape.of(2, 3, 9, 11), Golden.floats(g.get("x")));
            NDArray roi = NDArray.of(Shape.of(4, 5), Golden.floats(g.get("roi")));
            assertArrayEquals(
                    Golden.floats(g.get("y")), Vision.roiAlign(op, x, roi).toFloatArray(), 1e-5f, op.toString());
        }
    }

    @Test
    void boxesAreSuppressedAsOnnxRuntimeDoes() {
        for (JsonNode g : Golden.read("op/vision.json").get("suppression")) {
            long count = g.get("count").longValue();
            NonMaximumSuppression op = new NonMaximumSuppression(
                    g.get("overlap").doubleValue(), g.get("threshold").doubleValue(), 0, count);
            NDArray box = NDArray.of(Shape.of(2, 40, 4), Golden.floats(g.get("box")));
            NDArray score = NDArray.of(Shape.of(2, 40), Golden.floats(g.get("score")));
            assertArrayEquals(
                    Golden.floats(g.get("index")),
                    Vision.nonMaximumSuppression(op, box, score, null).toFloatArray(),
                    op.toString());
        }
    }

    @Test
    void boxesOfOtherClassesDoNotSuppress() {
        NDArray box = NDArray.of(Shape.of(1, 3, 4), 0f, 0f, 2f, 2f, 0f, 0f, 2f, 2f, 0f, 0f, 2f, 2f);
        NDArray score = NDArray.of(Shape.of(1, 3), 0.5f, 0.9f, 0.7f);
        NDArray classes = NDArray.of(Shape.of(1, 3), 0, 1, 0);
        NonMaximumSuppression op = new NonMaximumSuppression(0.5, 0, 0, 3);
        assertArrayEquals(
                new long[] {1, 2, -1},
                Vision.nonMaximumSuppression(op, box, score, classes).toLongArray());
        NDArray index = Vision.nonMaximumSuppression(op, box, score, null);
        assertArrayEquals(new long[] {1, -1, -1}, index.toLongArray());
        assertArrayEquals(
                new float[] {0.9f, -1, -1}, Vision.takeRows(score, index, -1).toFloatArray());
    }

    @Test
    void scoresThatAreNotANumberAndThoseBelowTheThresholdTakeNoPart() {
        NDArray box = NDArray.zeros(Shape.of(1, 4, 4), DType.FLOAT32);
        NDArray score = NDArray.of(Shape.of(1, 4), Float.NaN, 0.125f, 0.3f, 0.2f);
        NonMaximumSuppression all = new NonMaximumSuppression(0, 0.125, 0, 4);
        assertArrayEquals(
                new long[] {2, 3, -1, -1},
                Vision.nonMaximumSuppression(all, box, score, null).toLongArray());
        NonMaximumSuppression best = new NonMaximumSuppression(0, 0, 1, 4);
        assertArrayEquals(
                new long[] {2, -1, -1, -1},
                Vision.nonMaximumSuppression(best, box, score, null).toLongArray());
    }

    @Test
    void cornersAndCentresAreEachOthersReverse() {
        NDArray box = NDArray.of(Shape.of(2, 4), 1f, 2f, 5f, 4f, -1f, 0f, 1f, 1f);
        assertArrayEquals(
                new float[] {3, 3, 4, 2, 0, 0.5f, 2, 1}, Vision.centres(box).toFloatArray());
        assertArrayEquals(
                box.toFloatArray(), Vision.corners(Vision.centres(box)).toFloatArray());
    }

    @Test
    void aFactorGivesSizesCutToWholeNumbers() {
        NDArray x = NDArray.zeros(Shape.of(1, 1, 3, 5), DType.FLOAT32);
        assertEquals(
                Shape.of(1, 1, 4, 7),
                Vision.interpolateBy(x, InterpolationMode.LINEAR, false, 1.5).shape());
    }

    @Test
    void pointsThatAreNotANumberGiveZero() {
        NDArray x = NDArray.ones(Shape.of(1, 1, 2, 2), DType.FLOAT32);
        NDArray grid = NDArray.of(Shape.of(1, 1, 2, 2), Float.NaN, 0f, 0f, 0f);
        for (GridPadding padding : GridPadding.values()) {
            GridSample op = new GridSample(InterpolationMode.LINEAR, padding, true);
            assertArrayEquals(new float[] {0, 1}, Vision.gridSample(op, x, grid).toFloatArray());
        }
    }

    @Test
    void kernelsEqualTheCompositions() {
        RandomGenerator.seed(1);
        NDArray x = RandomOps.uniform(Shape.of(2, 3, 5, 4), -1, 1, DType.FLOAT64);
        NDArray grid = RandomOps.uniform(Shape.of(2, 3, 3, 2), -1.5, 1.5, DType.FLOAT64);
        for (InterpolationMode mode : List.of(InterpolationMode.NEAREST, InterpolationMode.LINEAR)) {
            for (GridPadding padding : GridPadding.values()) {
                GridSample op = new GridSample(mode, padding, false);
                assertArrayEquals(
                        op.compose(x, grid)[0].toDoubleArray(),
                        Vision.gridSample(op, x, grid).toDoubleArray(),
                        1e-12);
            }
        }
        NDArray dy = RandomOps.uniform(Shape.of(2, 3, 3, 3), -1, 1, DType.FLOAT64);
        GridSampleGradient g = new GridSampleGradient(InterpolationMode.LINEAR, GridPadding.BORDER, true);
        NDArray[] fused = Dispatch.run(g, dy, x, grid);
        NDArray[] composed = g.compose(dy, x, grid);
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(composed[i].toDoubleArray(), fused[i].toDoubleArray(), 1e-12);
        }
        Interpolate cubic = new Interpolate(List.of(7L, 3L), InterpolationMode.CUBIC, false);
        assertArrayEquals(
                cubic.compose(x)[0].toDoubleArray(), Dispatch.one(cubic, x).toDoubleArray(), 1e-12);
        InterpolateGradient back = new InterpolateGradient(List.of(7L, 2L), InterpolationMode.CUBIC, true);
        assertArrayEquals(
                back.compose(x)[0].toDoubleArray(), Dispatch.one(back, x).toDoubleArray(), 1e-12);
    }

    @Test
    void mistakesSayWhatIsExpected() {
        assertEquals(
                "interpolate: alignCorners does not go with mode NEAREST; use LINEAR or CUBIC",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Interpolate(List.of(2L), InterpolationMode.NEAREST, true))
                        .getMessage());
        NDArray x = NDArray.zeros(Shape.of(1, 1, 3, 3), DType.FLOAT32);
        NDArray roi = NDArray.of(Shape.of(1, 5), 1f, 0f, 0f, 1f, 1f);
        assertEquals(
                "roiAlign: images must be from 0 to 0, got 1.0 in region 0",
                raised(IndexOutOfBoundsException.class, () -> Vision.roiAlign(new RoiAlign(1, 1, 1, 1, false), x, roi))
                        .getMessage());
        NDArray index = NDArray.of(Shape.of(1, 1), 2);
        NDArray rows = NDArray.zeros(Shape.of(1, 2), DType.FLOAT32);
        assertEquals(
                "takeRows: indices must be from 0 to 1, got 2 at [0,0]",
                raised(IndexOutOfBoundsException.class, () -> Vision.takeRows(rows, index, 0))
                        .getMessage());
    }
}
