package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Fourier;
import io.kiln.op.shape.Movement;
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
