package io.kiln.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NormalisationTest {

    private static final float EPSILON = 1e-5f;

    private final Arena arena = new Arena();

    @BeforeEach
    void twoThreads() {
        EngineThreads.set(2);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"9,5", "4,3,7", "3,19,6,5", "2,16,3,4,5"})
    void batchNormEqualsItsFormula(String sizes) {
        long[] dims = Arrays.stream(sizes.split(",")).mapToLong(Long::parseLong).toArray();
        for (boolean last : new boolean[] {false, true}) {
            Tensor src = last ? arena.randomChannelsLast(dims) : arena.random(dims);
            Tensor dst = last ? arena.randomChannelsLast(dims) : arena.random(dims);
            Tensor scale = arena.random(dims[1]);
            Tensor shift = arena.random(dims[1]);
            Tensor mean = arena.random(dims[1]);
            Tensor variance = arena.random(dims[1]);
            assertTrue(BatchNorm.forward(src, scale, shift, mean, variance, dst, null, EPSILON, false));
            double[][] moments = moments(src, 1);
            Arena.each(dims, i -> {
                int c = (int) i[1];
                assertEquals(moments[0][c], Arena.get(mean, c), 1e-5);
                assertEquals(moments[1][c], Arena.get(variance, c), 1e-5);
                double z = (Arena.get(src, i) - moments[0][c]) / Math.sqrt(moments[1][c] + EPSILON);
                assertEquals(z * Arena.get(scale, c) + Arena.get(shift, c), Arena.get(dst, i), 1e-4);
            });
            Tensor given = arena.random(dims[1]);
            assertTrue(BatchNorm.forward(src, scale, shift, given, variance, dst, null, EPSILON, true));
            Arena.each(dims, i -> {
                int c = (int) i[1];
                double z = (Arena.get(src, i) - Arena.get(given, c)) / Math.sqrt(moments[1][c] + EPSILON);
                assertEquals(z * Arena.get(scale, c) + Arena.get(shift, c), Arena.get(dst, i), 1e-4);
            });
        }
    }

    @Test
    void batchNormGradientsEqualTheirFormulas() {
        long[] dims = {4, 7, 3, 5};
        Tensor src = arena.randomChannelsLast(dims);
        Tensor dst = arena.randomChannelsLast(dims);
        Tensor scale = arena.random(7);
        Tensor shift = arena.random(7);
        Tensor mean = arena.random(7);
        Tensor variance = arena.random(7);
        BatchNorm.forward(src, scale, shift, mean, variance, dst, null, EPSILON, false);
        Tensor diffDst = arena.random(dims);
        Tensor diffSrc = arena.random(dims);
        Tensor diffScale = arena.random(7);
        Tensor diffShift = arena.random(7);
        assertTrue(BatchNorm.backward(
                src, scale, mean, variance, diffDst, diffSrc, diffScale, diffShift, null, EPSILON, false));
        checkGradients(src, scale, diffDst, diffSrc, diffScale, diffShift, 1, 1);
    }

    @Test
    void layerNormAndItsGradientsEqualTheirFormulas() {
        for (long[] dims : new long[][] {{5, 13}, {3, 2, 16}, {1, 1}}) {
            int axis = dims.length - 1;
            long[] rows = Arrays.copyOf(dims, axis);
            Tensor src = arena.random(dims);
            Tensor dst = arena.random(dims);
            Tensor scale = arena.random(dims[axis]);
            Tensor shift = arena.random(dims[axis]);
            Tensor mean = arena.random(rows);
            Tensor variance = arena.random(rows);
            assertTrue(LayerNorm.forward(src, scale, shift, mean, variance, dst, EPSILON));
            Arena.each(rows, r -> {
                double sum = 0;
                double squares = 0;
                for (long c = 0; c < dims[axis]; c++) {
                    double x = Arena.get(src, at(r, c));
                    sum += x;
                    squares += x * x;
                }
                double m = sum / dims[axis];
                double v = squares / dims[axis] - m * m;
                assertEquals(m, Arena.get(mean, r), 1e-5);
                for (long c = 0; c < dims[axis]; c++) {
                    double z = (Arena.get(src, at(r, c)) - m) / Math.sqrt(v + EPSILON);
                    double y = z * Arena.get(scale, c) + Arena.get(shift, c);
                    assertEquals(y, Arena.get(dst, at(r, c)), 1e-4);
                }
            });
        }
    }

    @Test
    void layerNormGradientsEqualTheirFormulas() {
        long[] dims = {6, 11};
        Tensor src = arena.random(dims);
        Tensor dst = arena.random(dims);
        Tensor scale = arena.random(11);
        Tensor shift = arena.random(11);
        Tensor mean = arena.random(6);
        Tensor variance = arena.random(6);
        LayerNorm.forward(src, scale, shift, mean, variance, dst, EPSILON);
        Tensor diffDst = arena.random(dims);
        Tensor diffSrc = arena.random(dims);
        Tensor diffScale = arena.random(11);
        Tensor diffShift = arena.random(11);
        assertTrue(LayerNorm.backward(src, scale, mean, variance, diffDst, diffSrc, diffScale, diffShift, EPSILON));
        checkGradients(src, scale, diffDst, diffSrc, diffScale, diffShift, 0, 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "7,10", "3,5,9", "2,3,4,5"})
    void softmaxEqualsItsFormula(String sizes) {
        long[] dims = Arrays.stream(sizes.split(",")).mapToLong(Long::parseLong).toArray();
        for (int axis = 0; axis < dims.length; axis++) {
            for (boolean log : new boolean[] {false, true}) {
                checkSoftmax(dims, axis, log);
            }
        }
    }

    @Test
    void softmaxAlongAnAxisOfOneElementIsLeftToOthers() {
        Tensor a = arena.random(3, 1);
        assertFalse(Softmax.forward(false, 1, a, a));
        assertTrue(Softmax.forward(false, 0, a, a));
    }

    private void checkSoftmax(long[] dims, int axis, boolean log) {
        Tensor src = arena.random(dims);
        Tensor dst = arena.random(dims);
        assertTrue(Softmax.forward(log, axis, src, dst));
        Arena.each(dims, i -> {
            double total = 0;
            for (long j = 0; j < dims[axis]; j++) {
                total += Math.exp(Arena.get(src, with(i, axis, j)));
            }
            double p = Math.exp(Arena.get(src, i)) / total;
            assertEquals(log ? Math.log(p) : p, Arena.get(dst, i), 1e-5);
        });
    }

    /**
     * Checks the gradients of a normalisation over all axes but {@code statisticsAxis}, with a scale along
     * {@code scaleAxis}.
     */
    private static void checkGradients(
            Tensor src,
            Tensor scale,
            Tensor diffDst,
            Tensor diffSrc,
            Tensor diffScale,
            Tensor diffShift,
            int statisticsAxis,
            int scaleAxis) {
        double[][] moments = moments(src, statisticsAxis);
        int groups = (int) src.dims()[statisticsAxis];
        int channels = (int) src.dims()[scaleAxis];
        double count = (double) src.size() / groups;
        double[] sum = new double[groups];
        double[] product = new double[groups];
        double[] shifts = new double[channels];
        double[] scales = new double[channels];
        Arena.each(src.dims(), i -> {
            int g = (int) i[statisticsAxis];
            int c = (int) i[scaleAxis];
            double z = (Arena.get(src, i) - moments[0][g]) / Math.sqrt(moments[1][g] + EPSILON);
            double d = Arena.get(diffDst, i);
            shifts[c] += d;
            scales[c] += d * z;
            sum[g] += d * Arena.get(scale, c);
            product[g] += d * Arena.get(scale, c) * z;
        });
        Arena.each(src.dims(), i -> {
            int g = (int) i[statisticsAxis];
            int c = (int) i[scaleAxis];
            double deviation = Math.sqrt(moments[1][g] + EPSILON);
            double z = (Arena.get(src, i) - moments[0][g]) / deviation;
            double d = Arena.get(diffDst, i) * Arena.get(scale, c);
            assertEquals((d - sum[g] / count - z * product[g] / count) / deviation, Arena.get(diffSrc, i), 1e-4);
        });
        for (int c = 0; c < channels; c++) {
            assertEquals(shifts[c], Arena.get(diffShift, c), 1e-4);
            assertEquals(scales[c], Arena.get(diffScale, c), 1e-4);
        }
    }

    private static double[][] moments(Tensor src, int axis) {
        int groups = (int) src.dims()[axis];
        double count = (double) src.size() / groups;
        double[] mean = new double[groups];
        double[] variance = new double[groups];
        Arena.each(src.dims(), i -> mean[(int) i[axis]] += Arena.get(src, i) / count);
        Arena.each(src.dims(), i -> {
            double d = Arena.get(src, i) - mean[(int) i[axis]];
            variance[(int) i[axis]] += d * d / count;
        });
        return new double[][] {mean, variance};
    }

    private static long[] at(long[] row, long column) {
        long[] index = Arrays.copyOf(row, row.length + 1);
        index[row.length] = column;
        return index;
    }

    private static long[] with(long[] index, int axis, long value) {
        long[] changed = index.clone();
        changed[axis] = value;
        return changed;
    }
}
