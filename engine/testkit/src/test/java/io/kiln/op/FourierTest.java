package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Fourier;
import io.kiln.op.shape.Movement;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transforms of real numbers and of frames; the operator itself is compared with libtorch in the operator table. */
class FourierTest {
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
    void realNumbersHaveHalfASpectrum() {
        NDArray x = NDArray.of(Shape.of(5), 0d, 1d, 2d, 3d, 4d);
        double[] numpy = {10, 0, -2.5, 3.4409548011779334, -2.5, 0.8122992405822659};
        assertArrayEquals(numpy, Fourier.rfft(x).toDoubleArray(), 1e-14);
    }

    @Test
    void theInverseOfHalfASpectrumIsTheNumbersForEvenAndOddLengths() {
        for (int n : new int[] {1, 2, 5, 8, 31, 60, 97}) {
            NDArray x =
                    Elementwise.sin(NDArray.arange(0, 2 * n, 1, DType.FLOAT64)).reshape(Shape.of(2, n));
            NDArray back = Fourier.irfft(Fourier.rfft(x), n);
            assertEquals(x.shape(), back.shape());
            assertArrayEquals(x.toDoubleArray(), back.toDoubleArray(), 1e-13, "n " + n);
        }
        NDArray pairs = NDArray.zeros(Shape.of(3, 2), DType.FLOAT32);
        assertThrows(ShapeException.class, () -> Fourier.irfft(pairs, 8));
    }

    @Test
    void severalAxesAgreeWithNumPy() {
        for (JsonNode g : Golden.read("op/fourier.json")) {
            int[] axes = StreamSupport.stream(g.get("axes").spliterator(), false)
                    .mapToInt(JsonNode::intValue)
                    .toArray();
            Fourier.Norm norm = Fourier.Norm.valueOf(g.get("norm").asText().toUpperCase(Locale.ROOT));
            double[] d = numbers(g.get("shape"));
            Shape shape = Shape.of(Arrays.stream(d).mapToLong(n -> (long) n).toArray());
            Shape pairs = Shape.of(LongStream.concat(Arrays.stream(shape.dims()), LongStream.of(2))
                    .toArray());
            NDArray z = NDArray.of(pairs, numbers(g.get("z")));
            NDArray x = NDArray.of(shape, numbers(g.get("x")));
            String name = g.get("shape") + " " + g.get("axes") + " " + norm;
            assertArrayEquals(
                    numbers(g.get("fftn")), Fourier.fftn(z, norm, axes).toDoubleArray(), 1e-13, name);
            assertArrayEquals(
                    numbers(g.get("ifftn")), Fourier.ifftn(z, norm, axes).toDoubleArray(), 1e-13, name);
            NDArray half = Fourier.rfftn(x, norm, axes);
            assertArrayEquals(numbers(g.get("rfftn")), half.toDoubleArray(), 1e-13, name);
            long n = shape.dim(axes[axes.length - 1]);
            NDArray other = NDArray.of(half.shape(), numbers(g.get("half")));
            NDArray back = Fourier.irfftn(other, n, norm, axes);
            assertEquals(shape, back.shape(), name);
            assertArrayEquals(numbers(g.get("irfftn")), back.toDoubleArray(), 1e-13, name);
        }
    }

    @Test
    void noAxesAreAllAndNoFactorStandsForTheInversesOne() {
        NDArray x = Elementwise.sin(NDArray.arange(0, 24, 1, DType.FLOAT64)).reshape(Shape.of(3, 4, 2));
        double[] all = Fourier.fftn(x, Fourier.Norm.BACKWARD, 0, 1).toDoubleArray();
        assertArrayEquals(all, Fourier.fftn(x).toDoubleArray());
        assertArrayEquals(x.toDoubleArray(), Fourier.ifftn(Fourier.fftn(x)).toDoubleArray(), 1e-14);
        assertArrayEquals(x.toDoubleArray(), Fourier.irfftn(Fourier.rfftn(x), 2).toDoubleArray(), 1e-14);
    }

    @Test
    void axesThatAreNoneAreRefused() {
        NDArray x = NDArray.zeros(Shape.of(3, 4, 2), DType.FLOAT32);
        Exception e = assertThrows(ShapeException.class, () -> Fourier.fftn(x, 0, -2));
        assertEquals("fftn: axes [0, -2] must differ and be from -2 to 1 for x[3,4,2]", e.getMessage());
        assertThrows(ShapeException.class, () -> Fourier.ifftn(x, 2));
        assertThrows(ShapeException.class, () -> Fourier.rfftn(x, 3));
        assertThrows(ShapeException.class, () -> Fourier.irfftn(x, 5, 0, 1));
    }

    /** All of them are linear: the slope of sum(w f(x)) does not depend on x, and is found from f at unit vectors. */
    @Test
    void gradientsOverSeveralAxesAreThoseOfTheLinearMaps() {
        NDArray z = Elementwise.sin(NDArray.arange(0, 24, 1, DType.FLOAT64)).reshape(Shape.of(3, 4, 2));
        slopes(z, x -> Fourier.fftn(x, Fourier.Norm.ORTHO));
        slopes(z, x -> Fourier.ifftn(x, 1, 0));
        slopes(z, x -> Fourier.rfftn(x, Fourier.Norm.FORWARD, 0, 1));
        slopes(z, x -> Fourier.irfftn(x, 7, 0, 1));
        slopes(z, x -> Fourier.irfftn(x, 4, 1, 0));
    }

    private static void slopes(NDArray values, UnaryOperator<NDArray> map) {
        NDArray x = Autograd.attachGradient(values);
        NDArray w = Elementwise.cos(NDArray.arange(0, map.apply(x).size(), 1, DType.FLOAT64));
        try (Autograd.Mode record = Autograd.record()) {
            NDArray y = map.apply(x);
            Autograd.backward(y.mul(w.reshape(y.shape())).sum());
        }
        double[] expected = new double[(int) x.size()];
        for (int i = 0; i < expected.length; i++) {
            double[] unit = new double[expected.length];
            unit[i] = 1;
            NDArray y = map.apply(NDArray.of(x.shape(), unit));
            expected[i] = y.mul(w.reshape(y.shape())).sum().item();
        }
        assertArrayEquals(expected, Autograd.gradient(x).toDoubleArray(), 1e-13);
    }

    private static double[] numbers(JsonNode node) {
        return StreamSupport.stream(node.spliterator(), false)
                .mapToDouble(JsonNode::doubleValue)
                .toArray();
    }

    @Test
    void windowsArePeriodic() {
        assertArrayEquals(new float[] {0, 0.5f, 1, 0.5f}, Fourier.hann(4).toFloatArray(), 1e-7f);
        assertArrayEquals(
                new float[] {0.08f, 0.54f, 1, 0.54f}, Fourier.hamming(4).toFloatArray(), 1e-7f);
        assertArrayEquals(new float[] {0, 0.34f, 1, 0.34f}, Fourier.blackman(4).toFloatArray(), 1e-7f);
    }

    @Test
    void framesAreTransformedOneByOneAndAddUpToTheSignal() {
        NDArray x = Elementwise.sin(NDArray.arange(0, 40, 1, DType.FLOAT32));
        NDArray window = Fourier.hamming(8);
        NDArray frames = Fourier.stft(x, window, 4);
        assertEquals(Shape.of(9, 5, 2), frames.shape());
        NDArray third = Fourier.rfft(x.slice(0, 8, 16).mul(window));
        assertArrayEquals(third.toFloatArray(), frames.slice(0, 2, 3).squeeze(0).toFloatArray(), 1e-6f);
        assertArrayEquals(x.toFloatArray(), Fourier.istft(frames, window, 4).toFloatArray(), 1e-5f);
    }

    @Test
    void theEnergyOfASpectrumHasTheSlopeThatParsevalsTheoremGives() {
        NDArray x = Autograd.attachGradient(NDArray.of(Shape.of(6), 1d, -2d, 0.5d, 3d, 0d, 1d));
        NDArray energy;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray pairs = Movement.stack(1, x, Creation.zerosLike(x));
            energy = Fourier.fft(pairs).square().sum();
        }
        Autograd.backward(energy);
        assertArrayEquals(x.mul(12).toDoubleArray(), Autograd.gradient(x).toDoubleArray(), 1e-12);
    }
}
