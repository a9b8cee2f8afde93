package io.kiln.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.natives.OpenMp;
import io.kiln.ndarray.internal.Memory;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("core")
@Tag("onednn")
class ConvolutionTest {

    private final Arena arena = new Arena();

    @BeforeEach
    void twoThreads() {
        EngineThreads.set(2);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    /** One case: sizes of source and weights, and how the kernel slides. */
    record Case(long[] src, long[] weights, long groups, Window window, boolean channelsLast) {

        long[] dst() {
            long[] dst = new long[src.length];
            dst[0] = src[0];
            dst[1] = weights[0];
            for (int i = 2; i < src.length; i++) {
                long reach = (weights[i] - 1) * window.dilations()[i - 2] + 1;
                long padded = src[i] + window.padBefore()[i - 2] + window.padAfter()[i - 2];
                dst[i] = (padded - reach) / window.strides()[i - 2] + 1;
            }
            return dst;
        }

        @Override
        public String toString() {
            return Arrays.toString(src) + " * " + Arrays.toString(weights) + " groups " + groups + " strides "
                    + Arrays.toString(window.strides()) + " dilations " + Arrays.toString(window.dilations())
                    + (channelsLast ? " channels last" : " row-major");
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                        of(1, 1, "2,3,9", "4,3,3", 1, 0),
                        of(2, 1, "2,6,11", "4,3,3", 2, 1),
                        of(1, 2, "1,2,13", "5,2,3", 1, 2),
                        of(1, 1, "2,1,8,7", "5,1,3,3", 1, 1),
                        of(2, 1, "3,5,9,10", "7,5,3,2", 1, 0),
                        of(1, 2, "2,4,12,9", "6,2,3,3", 2, 2),
                        of(1, 1, "2,6,7,7", "6,1,3,3", 6, 1),
                        of(3, 1, "1,16,10,10", "32,16,5,5", 1, 2),
                        of(1, 1, "2,17,6,6", "19,17,1,1", 1, 0),
                        of(2, 1, "1,2,6,7,5", "3,2,3,3,3", 1, 1),
                        of(1, 1, "2,4,5,5,5", "4,2,2,2,2", 2, 0))
                .flatMap(c -> Stream.of(c, new Case(c.src, c.weights, c.groups, c.window, true)));
    }

    private static Case of(long stride, long dilation, String src, String weights, long groups, long pad) {
        int axes = src.split(",").length - 2;
        Window window = new Window(fill(axes, stride), fill(axes, dilation), fill(axes, pad), fill(axes, pad));
        return new Case(numbers(src), numbers(weights), groups, window, false);
    }

    private static long[] fill(int count, long value) {
        long[] array = new long[count];
        Arrays.fill(array, value);
        return array;
    }

    private static long[] numbers(String text) {
        return Arrays.stream(text.split(",")).mapToLong(Long::parseLong).toArray();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forwardEqualsTheLoops(Case c) {
        Tensor src = activations(c, c.src);
        Tensor weights = arena.random(c.weights);
        Tensor bias = arena.random(c.weights[0]);
        Tensor dst = activations(c, c.dst());
        assertTrue(Convolution.forward(c.window, c.groups, src, weights, bias, dst, PostOps.of(Activation.RELU, 0, 0)));
        double[] expected = new double[(int) dst.size()];
        taps(c, (o, s, w) -> expected[flat(dst.dims(), o)] += (double) Arena.get(src, s) * Arena.get(weights, w));
        Arena.each(dst.dims(), i -> {
            double value = expected[flat(dst.dims(), i)] + Arena.get(bias, i[1]);
            assertEquals(Math.max(0, value), Arena.get(dst, i), 1e-4, c::toString);
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsEqualTheLoops(Case c) {
        Tensor src = activations(c, c.src);
        Tensor weights = arena.random(c.weights);
        Tensor diffDst = activations(c, c.dst());
        Tensor diffSrc = activations(c, c.src);
        Tensor diffWeights = arena.random(c.weights);
        Tensor diffBias = arena.random(c.weights[0]);
        assertTrue(Convolution.backwardData(c.window, c.groups, diffDst, weights, diffSrc));
        assertTrue(Convolution.backwardWeights(c.window, c.groups, src, diffDst, diffWeights, diffBias));
        double[] wantedSrc = new double[(int) src.size()];
        double[] wantedWeights = new double[(int) weights.size()];
        taps(c, (o, s, w) -> {
            double d = Arena.get(diffDst, o);
            wantedSrc[flat(c.src, s)] += d * Arena.get(weights, w);
            wantedWeights[flat(c.weights, w)] += d * Arena.get(src, s);
        });
        double[] wantedBias = new double[(int) c.weights[0]];
        Arena.each(diffDst.dims(), i -> wantedBias[(int) i[1]] += Arena.get(diffDst, i));
        Arena.each(c.src, i -> assertEquals(wantedSrc[flat(c.src, i)], Arena.get(diffSrc, i), 1e-4, c::toString));
        Arena.each(
                c.weights,
                i -> assertEquals(wantedWeights[flat(c.weights, i)], Arena.get(diffWeights, i), 1e-3, c::toString));
        Arena.each(
                diffBias.dims(), i -> assertEquals(wantedBias[(int) i[0]], Arena.get(diffBias, i), 1e-3, c::toString));
    }

    @Test
    void aSmallOneIsLeftToTheCallingThreadAndALargeOneIsNot() {
        OpenMp openMp = Natives.get().openMp();
        assertEquals(1, threadsOf(openMp, 8));
        assertEquals(2, threadsOf(openMp, 32));
        assertEquals(1, threadsOf(openMp, 8));
        CpuContext.current(); // as every other call
        assertEquals(2, openMp.maxThreads());
    }

    @Test
    void aSmallOneThatIsMadeAgainRunsOnOneThreadAsWell() {
        Window window = new Window(fill(2, 1), fill(2, 1), fill(2, 1), fill(2, 1));
        Tensor src = arena.randomChannelsLast(1, 8, 8, 8);
        Tensor weights = arena.random(8, 8, 3, 3);
        Tensor dst = arena.randomChannelsLast(1, 8, 8, 8);
        CallLog log = new CallLog();
        assertTrue(log.record(() -> Convolution.forward(window, 1, src, weights, null, dst, PostOps.NONE)));
        long[] starts = {src.address(), weights.address(), dst.address()};
        RecordedCalls calls = log.calls(starts, new long[] {4 * src.size(), 4 * weights.size(), 4 * dst.size()});
        CpuContext.current(); // as a call of another kind in between
        assertEquals(2, Natives.get().openMp().maxThreads());
        assertTrue(calls.run(starts));
        assertEquals(1, Natives.get().openMp().maxThreads());
    }

    private int threadsOf(OpenMp openMp, int channels) {
        Window window = new Window(fill(2, 1), fill(2, 1), fill(2, 1), fill(2, 1));
        Tensor src = arena.randomChannelsLast(1, channels, 8, 8);
        Tensor weights = arena.random(channels, channels, 3, 3);
        Tensor dst = arena.randomChannelsLast(1, channels, 8, 8);
        assertTrue(Convolution.forward(window, 1, src, weights, null, dst, PostOps.NONE));
        return openMp.maxThreads();
    }

    @Test
    void givesTheSameBitsEachTime() {
        Window window = new Window(fill(2, 1), fill(2, 1), fill(2, 2), fill(2, 2));
        Tensor src = arena.randomChannelsLast(16, 16, 14, 14);
        Tensor weights = arena.random(32, 16, 5, 5);
        Tensor dst = arena.randomChannelsLast(16, 32, 14, 14);
        Tensor diffSrc = arena.randomChannelsLast(16, 16, 14, 14);
        Tensor diffWeights = arena.random(32, 16, 5, 5);
        Tensor diffBias = arena.random(32);
        int[] first = null;
        for (int run = 0; run < 20; run++) {
            Convolution.forward(window, 1, src, weights, null, dst, PostOps.NONE);
            Convolution.backwardData(window, 1, dst, weights, diffSrc);
            Convolution.backwardWeights(window, 1, src, dst, diffWeights, diffBias);
            int[] bits = bits(dst, diffSrc, diffWeights, diffBias);
            first = first == null ? bits : first;
            assertArrayEquals(first, bits);
        }
    }

    private static int[] bits(Tensor... tensors) {
        int[] all = new int[Arrays.stream(tensors).mapToInt(t -> (int) t.size()).sum()];
        int start = 0;
        for (Tensor tensor : tensors) {
            Memory.get(tensor.address(), all, start, (int) tensor.size());
            start += (int) tensor.size();
        }
        return all;
    }

    private Tensor activations(Case c, long[] dims) {
        return c.channelsLast ? arena.randomChannelsLast(dims) : arena.random(dims);
    }

    private static int flat(long[] dims, long[] index) {
        long place = 0;
        for (int i = 0; i < dims.length; i++) {
            place = place * dims[i] + index[i];
        }
        return (int) place;
    }

    private interface Tap {
        void visit(long[] dst, long[] src, long[] weight);
    }

    /** Visits each product of the convolution. */
    private static void taps(Case c, Tap tap) {
        long perGroup = c.weights[0] / c.groups;
        Arena.each(
                c.dst(),
                o -> Arena.each(Arrays.copyOfRange(c.weights, 1, c.weights.length), k -> {
                    long[] s = new long[c.src.length];
                    s[0] = o[0];
                    s[1] = o[1] / perGroup * c.weights[1] + k[0];
                    for (int i = 2; i < s.length; i++) {
                        s[i] = o[i] * c.window.strides()[i - 2]
                                - c.window.padBefore()[i - 2]
                                + k[i - 1] * c.window.dilations()[i - 2];
                        if (s[i] < 0 || s[i] >= c.src[i]) {
                            return;
                        }
                    }
                    long[] w = new long[c.weights.length];
                    w[0] = o[1];
                    System.arraycopy(k, 0, w, 1, k.length);
                    tap.visit(o, s, w);
                }));
    }
}
