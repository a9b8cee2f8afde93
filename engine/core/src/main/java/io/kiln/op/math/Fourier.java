package io.kiln.op.math;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.shape.Movement;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Fourier transforms. Complex numbers are pairs along a last axis of 2, real part first. */
public final class Fourier {
    private Fourier() {}

    /**
     * The discrete Fourier transform: {@link Fft}.
     *
     * @param x pairs […,n,2]
     * @return a new array of the same shape
     */
    public static NDArray fft(NDArray x) {
        return Dispatch.one(new Fft(false), x);
    }

    /**
     * The inverse of {@link #fft}, with the factor 1/n.
     *
     * @param x pairs […,n,2]
     * @return a new array of the same shape
     */
    public static NDArray ifft(NDArray x) {
        return Dispatch.one(new Fft(true), x);
    }

    /**
     * The transform of real numbers, of which the second half would be the first one's conjugate.
     *
     * @param x real numbers […,n]
     * @return pairs […,⌊n/2⌋ + 1,2]
     */
    public static NDArray rfft(NDArray x) {
        int axis = x.shape().rank() - 1;
        NDArray pairs = Movement.stack(axis + 1, x, Creation.zerosLike(x));
        return fft(pairs).slice(axis, 0, x.shape().dim(-1) / 2 + 1);
    }

    /**
     * The inverse of {@link #rfft}.
     *
     * @param x pairs […,⌊n/2⌋ + 1,2]
     * @param n how many numbers come out, as half a spectrum does not tell 2m from 2m + 1
     * @return real numbers […,n]
     */
    public static NDArray irfft(NDArray x, long n) {
        int axis = x.shape().rank() - 2;
        if (axis < 0 || n < 1 || x.shape().dim(axis) != n / 2 + 1) {
            throw new ShapeException(
                    "irfft: " + n + " numbers need pairs x[…," + (n / 2 + 1) + ",2], got x" + x.shape());
        }
        long mirrored = n - x.shape().dim(axis);
        NDArray rest = Movement.flip(x.slice(axis, 1, 1 + mirrored), axis);
        NDArray sign = x.factory().of(1f, -1f).cast(x.dtype());
        NDArray whole = Movement.concat(axis, x, rest.mul(sign));
        return ifft(whole).slice(axis + 1, 0, 1).squeeze(axis + 1);
    }

    /**
     * The transform over several axes, one after the other, without a factor: {@link #fftn(NDArray, Norm, int...)} with
     * {@link Norm#BACKWARD}.
     *
     * @param x pairs […,2]
     * @param axes the axes, negative ones from the back; the axis of the pairs does not count. None for all
     * @return a new array of the same shape
     */
    public static NDArray fftn(NDArray x, int... axes) {
        return fftn(x, Norm.BACKWARD, axes);
    }

    /**
     * The transform over several axes, one after the other.
     *
     * @param x pairs […,2]
     * @param norm which direction has the factor
     * @param axes as in {@link #fftn(NDArray, int...)}
     * @return a new array of the same shape
     */
    public static NDArray fftn(NDArray x, Norm norm, int... axes) {
        int[] places = places("fftn", x, x.shape().rank() - 1, axes);
        return scale(along(x, false, places), norm.forward(count(x, places)));
    }

    /**
     * The inverse of {@link #fftn(NDArray, int...)}, with one over the number of transformed elements as factor.
     *
     * @param x pairs […,2]
     * @param axes as there
     * @return a new array of the same shape
     */
    public static NDArray ifftn(NDArray x, int... axes) {
        return ifftn(x, Norm.BACKWARD, axes);
    }

    /**
     * The inverse of {@link #fftn(NDArray, Norm, int...)}.
     *
     * @param x pairs […,2]
     * @param norm which direction has the factor
     * @param axes as there
     * @return a new array of the same shape
     */
    public static NDArray ifftn(NDArray x, Norm norm, int... axes) {
        int[] places = places("ifftn", x, x.shape().rank() - 1, axes);
        return scale(along(x, true, places), norm.inverse(count(x, places)));
    }

    /**
     * The transform of real numbers over several axes: {@link #rfft} over the last of them, {@link #fft} over the others.
     *
     * @param x real numbers
     * @param axes the axes, negative ones from the back; none for all
     * @return pairs; of the last of the axes, n long, ⌊n/2⌋ + 1 are left
     */
    public static NDArray rfftn(NDArray x, int... axes) {
        return rfftn(x, Norm.BACKWARD, axes);
    }

    /**
     * {@link #rfftn(NDArray, int...)} with a factor.
     *
     * @param x real numbers
     * @param norm which direction has the factor
     * @param axes as there
     * @return pairs; of the last of the axes, n long, ⌊n/2⌋ + 1 are left
     */
    public static NDArray rfftn(NDArray x, Norm norm, int... axes) {
        int[] places = places("rfftn", x, x.shape().rank(), axes);
        int last = places[places.length - 1];
        NDArray half =
                swap(rfft(swap(x, last, x.shape().rank() - 1)), last, x.shape().rank() - 1);
        return scale(along(half, false, Arrays.copyOf(places, places.length - 1)), norm.forward(count(x, places)));
    }

    /**
     * The inverse of {@link #rfftn(NDArray, int...)}.
     *
     * @param x pairs
     * @param n the length of the last of the axes in the result, as half a spectrum does not tell 2m from 2m + 1
     * @param axes as there
     * @return real numbers
     */
    public static NDArray irfftn(NDArray x, long n, int... axes) {
        return irfftn(x, n, Norm.BACKWARD, axes);
    }

    /**
     * The inverse of {@link #rfftn(NDArray, Norm, int...)}.
     *
     * @param x pairs
     * @param n the length of the last of the axes in the result
     * @param norm which direction has the factor
     * @param axes as there
     * @return real numbers
     */
    public static NDArray irfftn(NDArray x, long n, Norm norm, int... axes) {
        int rank = x.shape().rank() - 1;
        int[] places = places("irfftn", x, rank, axes);
        int last = places[places.length - 1];
        NDArray half = along(x, true, Arrays.copyOf(places, places.length - 1));
        NDArray y = swap(irfft(swap(half, last, rank - 1), n), last, rank - 1);
        return scale(y, norm.inverse(count(y, places)));
    }

    private static int[] places(String name, NDArray x, int rank, int[] axes) {
        int[] places = axes.length == 0 ? IntStream.range(0, Math.max(0, rank)).toArray() : axes.clone();
        for (int i = 0; i < places.length; i++) {
            places[i] += places[i] < 0 ? rank : 0;
        }
        boolean within = Arrays.stream(places).allMatch(a -> a >= 0 && a < rank);
        if (places.length == 0 || !within || Arrays.stream(places).distinct().count() < places.length) {
            throw new ShapeException(name + ": axes " + Arrays.toString(axes) + " must differ and be from " + -rank
                    + " to " + (rank - 1) + " for x" + x.shape());
        }
        return places;
    }

    private static NDArray along(NDArray x, boolean inverse, int[] axes) {
        int last = x.shape().rank() - 2;
        NDArray y = x;
        for (int axis : axes) {
            y = swap(Dispatch.one(new Fft(inverse), swap(y, axis, last)), axis, last);
        }
        return y;
    }

    private static NDArray swap(NDArray x, int a, int b) {
        int[] order = IntStream.range(0, x.shape().rank()).toArray();
        order[a] = b;
        order[b] = a;
        return a == b ? x : Movement.transpose(x, order);
    }

    private static long count(NDArray x, int[] axes) {
        return Arrays.stream(axes).mapToLong(x.shape()::dim).reduce(1, Math::multiplyExact);
    }

    private static NDArray scale(NDArray x, double factor) {
        return factor == 1 ? x : x.mul(factor);
    }

    /** Which direction of a transform of n elements has the factor that makes the other one its inverse; named as in NumPy. */
    public enum Norm {
        /** The inverse: 1/n. */
        BACKWARD,
        /** Both: 1/√n. */
        ORTHO,
        /** The transform: 1/n. */
        FORWARD;

        private double forward(long n) {
            return switch (this) {
                case BACKWARD -> 1;
                case ORTHO -> 1 / Math.sqrt(n);
                case FORWARD -> 1.0 / n;
            };
        }

        /** Beside the factor 1/n that {@link Fft} has. */
        private double inverse(long n) {
            return switch (this) {
                case BACKWARD -> 1;
                case ORTHO -> Math.sqrt(n);
                case FORWARD -> n;
            };
        }
    }

    /**
     * Transforms of overlapping frames (STFT): frame t is x[…, t·hop … t·hop + n) times the window. Nothing is padded: pad x first for
     * frames that are centred.
     *
     * @param x real numbers […,length]
     * @param window the window [n], such as {@link #hann}
     * @param hop distance of the frames
     * @return pairs […,frames,⌊n/2⌋ + 1,2]
     */
    public static NDArray stft(NDArray x, NDArray window, long hop) {
        long n = window.size();
        long length = x.shape().dim(-1);
        if (hop < 1 || length < n) {
            throw new ShapeException(
                    "stft: x" + x.shape() + " needs " + n + " numbers at least and a hop above 0, got hop " + hop);
        }
        NDArray frames = Dispatch.one(new Gather(-1), x, places(x.factory(), n, hop, (length - n) / hop + 1));
        return rfft(frames.mul(window.cast(x.dtype())));
    }

    /**
     * The inverse of {@link #stft}: frames added up where they overlap, over the sum of the squared windows there; 0 where that is 0.
     *
     * @param frames pairs [frames,⌊n/2⌋ + 1,2]
     * @param window the window [n] of the transform
     * @param hop distance of the frames
     * @return real numbers [(frames − 1) hop + n]
     */
    public static NDArray istft(NDArray frames, NDArray window, long hop) {
        long n = window.size();
        if (frames.shape().rank() != 3 || hop < 1) {
            throw new ShapeException("istft: needs frames[frames,n/2+1,2] and a hop above 0, got frames"
                    + frames.shape() + " and hop " + hop);
        }
        long count = frames.shape().dim(0);
        long length = (count - 1) * hop + n;
        NDArray places = places(frames.factory(), n, hop, count).reshape(Shape.of(count * n));
        ScatterAdd add = new ScatterAdd(0);
        NDArray none = frames.factory().zeros(Shape.of(length), frames.dtype());
        NDArray parts = irfft(frames, n).mul(window.cast(frames.dtype())).reshape(Shape.of(count * n));
        NDArray weights = window.square()
                .cast(frames.dtype())
                .expandDims(0)
                .broadcastTo(Shape.of(count, n))
                .reshape(Shape.of(count * n));
        NDArray sum = Dispatch.one(add, none, places, parts);
        NDArray weight = Dispatch.one(add, none, places, weights);
        NDArray safe = Dispatch.one(new Where(), weight.eq(0), Creation.onesLike(weight), weight);
        return sum.div(safe);
    }

    private static NDArray places(ArrayFactory beside, long n, long hop, long count) {
        NDArray starts = beside.arange(0, count, 1, DType.INT64).mul(hop).expandDims(1);
        return starts.add(beside.arange(0, n, 1, DType.INT64));
    }

    /**
     * The Hann window \(\frac12 - \frac12 \cos(2\pi i/n)\), periodic.
     *
     * @param n its length
     * @return a new float32 array [n]
     */
    public static NDArray hann(int n) {
        return window(n, 0.5, 0.5, 0);
    }

    /**
     * The Hamming window \(0.54 - 0.46 \cos(2\pi i/n)\), periodic.
     *
     * @param n its length
     * @return a new float32 array [n]
     */
    public static NDArray hamming(int n) {
        return window(n, 0.54, 0.46, 0);
    }

    /**
     * The Blackman window \(0.42 - 0.5 \cos(2\pi i/n) + 0.08 \cos(4\pi i/n)\), periodic.
     *
     * @param n its length
     * @return a new float32 array [n]
     */
    public static NDArray blackman(int n) {
        return window(n, 0.42, 0.5, 0.08);
    }

    private static NDArray window(int n, double constant, double first, double second) {
        float[] w = new float[n];
        for (int i = 0; i < n; i++) {
            double angle = 2 * Math.PI * i / n;
            w[i] = (float) (constant - first * Math.cos(angle) + second * Math.cos(2 * angle));
        }
        return NDArray.of(w);
    }
}
