package io.kiln.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.internal.Memory;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("core")
@Tag("onednn")
class PoolingTest {

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
    @CsvSource(
            delimiter = ';',
            value = {
                "max;2,3,9;2;2;0",
                "max;2,20,28,28;2,2;2;0",
                "max;1,3,7,8;3,3;2;1",
                "max;2,17,11;4;3;2",
                "max;2,4,5,6,7;3,2,2;2;1",
                "max;2,2,5,6,4;2,2,2;2;0",
                "average_include_padding;2,3,9,7;3,3;2;1",
                "average_exclude_padding;2,3,9,7;3,3;2;1",
                "average_exclude_padding;2,5,11;3;1;1",
                "average_include_padding;1,2,4,4,4;2,2,2;2;0",
            })
    void valuesAndGradientsEqualTheLoops(String name, String sizes, String kernelSizes, long stride, long pad) {
        Pooling.Kind kind = Pooling.Kind.valueOf(name.toUpperCase(Locale.ROOT));
        long[] dims = numbers(sizes);
        long[] kernel = numbers(kernelSizes);
        Window window = window(kernel.length, stride, pad);
        long[] out = dims.clone();
        for (int i = 2; i < dims.length; i++) {
            out[i] = (dims[i] + 2 * pad - kernel[i - 2]) / stride + 1;
        }
        for (boolean last : new boolean[] {false, true}) {
            Tensor src = last ? arena.randomChannelsLast(dims) : arena.random(dims);
            Tensor dst = last ? arena.randomChannelsLast(out) : arena.random(out);
            Tensor diffDst = last ? arena.randomChannelsLast(out) : arena.random(out);
            Tensor diffSrc = last ? arena.randomChannelsLast(dims) : arena.random(dims);
            Tensor places = kind == Pooling.Kind.MAX ? arena.empty(DType.UINT8, out) : null;
            assertTrue(Pooling.forward(kind, kernel, window, src, dst, places));
            assertTrue(Pooling.backward(kind, kernel, window, diffDst, places, diffSrc));
            Tensor wanted = arena.random(dims);
            Arena.each(dims, i -> Arena.set(wanted, 0, i));
            Arena.each(out, o -> {
                double value = pool(kind, kernel, window, src, o, Arena.get(diffDst, o), wanted);
                assertEquals(value, Arena.get(dst, o), 1e-5);
                if (places != null) {
                    assertEquals(value, atPlace(kernel, window, src, o, places), 0);
                }
            });
            Arena.each(dims, i -> assertEquals(Arena.get(wanted, i), Arena.get(diffSrc, i), 1e-5));
        }
    }

    /** The value of one output element; adds its gradient to that of the source. */
    private static double pool(
            Pooling.Kind kind, long[] kernel, Window window, Tensor src, long[] o, float gradient, Tensor diffSrc) {
        double[] sum = {0};
        double[] largest = {Double.NEGATIVE_INFINITY};
        long[] count = {0};
        long[][] where = {null};
        visit(kernel, window, src.dims(), o, s -> {
            double x = Arena.get(src, s);
            count[0]++;
            sum[0] += x;
            if (x > largest[0]) {
                largest[0] = x;
                where[0] = s;
            }
        });
        if (kind == Pooling.Kind.MAX) {
            Arena.set(diffSrc, Arena.get(diffSrc, where[0]) + gradient, where[0]);
            return largest[0];
        }
        long all = Arrays.stream(kernel).reduce(1, (a, b) -> a * b);
        long divisor = kind == Pooling.Kind.AVERAGE_INCLUDE_PADDING ? all : count[0];
        visit(kernel, window, src.dims(), o, s -> Arena.set(diffSrc, Arena.get(diffSrc, s) + gradient / divisor, s));
        return sum[0] / divisor;
    }

    /** The element at the place that the pooling names, a row-major index into the window. */
    private static double atPlace(long[] kernel, Window window, Tensor src, long[] o, Tensor places) {
        long offset = 0;
        for (int i = 0; i < o.length; i++) {
            offset += o[i] * places.strides()[i];
        }
        long place = Memory.getByte(places.address() + offset) & 0xff;
        long[] s = o.clone();
        for (int i = s.length - 1; i >= 2; i--) {
            long tap = place % kernel[i - 2];
            place /= kernel[i - 2];
            s[i] = o[i] * window.strides()[i - 2] - window.padBefore()[i - 2] + tap;
        }
        return Arena.get(src, s);
    }

    private static void visit(
            long[] kernel, Window window, long[] dims, long[] o, java.util.function.Consumer<long[]> body) {
        Arena.each(kernel, k -> {
            long[] s = o.clone();
            for (int i = 2; i < s.length; i++) {
                s[i] = o[i] * window.strides()[i - 2] - window.padBefore()[i - 2] + k[i - 2];
                if (s[i] < 0 || s[i] >= dims[i]) {
                    return;
                }
            }
            body.accept(s);
        });
    }

    private static Window window(int axes, long stride, long pad) {
        long[] strides = new long[axes];
        long[] ones = new long[axes];
        long[] pads = new long[axes];
        Arrays.fill(strides, stride);
        Arrays.fill(ones, 1);
        Arrays.fill(pads, pad);
        return new Window(strides, ones, pads, pads);
    }

    private static long[] numbers(String text) {
        return Arrays.stream(text.split(",")).mapToLong(Long::parseLong).toArray();
    }
}
