package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Views show the elements that an index-by-index reckoning says, and share memory. */
class ViewPropertiesTest {
    @Provide
    Arbitrary<Shape> shapes() {
        return Arbitraries.longs().between(0, 4).list().ofMaxSize(4).map(Shape::of);
    }

    private static NDArray counted(Shape shape) {
        return NDArray.arange(0, shape.size(), 1, DType.INT64).reshape(shape);
    }

    /** Compares every element of a view with what a function of its index says. */
    private static void check(NDArray view, ToDoubleFunction<long[]> expected) {
        long[] dims = view.shape().dims();
        double[] values = view.toDoubleArray();
        assertEquals(view.shape().size(), values.length);
        long[] index = new long[dims.length];
        for (double value : values) {
            assertEquals(expected.applyAsDouble(index), value, () -> "at " + Arrays.toString(index) + " of " + view);
            assertEquals(value, view.get(index));
            for (int i = dims.length - 1; i >= 0 && ++index[i] == dims[i]; i--) {
                index[i] = 0;
            }
        }
    }

    private static double at(Shape shape, long... index) {
        long[] strides = shape.contiguousStrides();
        long n = 0;
        for (int i = 0; i < index.length; i++) {
            n += index[i] * strides[i];
        }
        return n;
    }

    private static int[] permutation(int rank, long seed) {
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            axes.add(i);
        }
        Collections.shuffle(axes, new Random(seed));
        return axes.stream().mapToInt(i -> i).toArray();
    }

    @Property
    void transposePermutesIndices(@ForAll("shapes") Shape s, @ForAll long seed) {
        try (Scope scope = Scope.open()) {
            int[] axes = permutation(s.rank(), seed);
            NDArray a = counted(s);
            NDArray t = axes.length == 0 ? a.transpose() : a.transpose(axes);
            check(t, index -> {
                long[] from = new long[index.length];
                for (int i = 0; i < from.length; i++) {
                    from[axes[i]] = index[i];
                }
                return at(s, from);
            });
            assertSame(a.storage(), t.storage());
        }
    }

    @Property
    void sliceShowsEveryStepthIndex(@ForAll("shapes") Shape s, @ForAll long seed) {
        Random random = new Random(seed);
        try (Scope scope = Scope.open()) {
            NDArray part = counted(s);
            long[] starts = new long[s.rank()];
            long[] steps = new long[s.rank()];
            for (int i = 0; i < s.rank(); i++) {
                int n = (int) s.dim(i);
                long start = random.nextInt(2 * n + 3) - n - 1;
                long stop = random.nextInt(2 * n + 3) - n - 1;
                steps[i] = 1 + random.nextInt(3);
                starts[i] = Math.max(0, Math.min(n, start < 0 ? start + n : start));
                long end = Math.max(0, Math.min(n, stop < 0 ? stop + n : stop));
                part = part.slice(i, start, stop, steps[i]);
                long count = 0;
                for (long k = starts[i]; k < end; k += steps[i]) {
                    count++;
                }
                assertEquals(count, part.shape().dim(i));
            }
            check(part, index -> {
                long[] from = new long[index.length];
                for (int i = 0; i < from.length; i++) {
                    from[i] = starts[i] + index[i] * steps[i];
                }
                return at(s, from);
            });
        }
    }

    @Property
    void broadcastRepeatsAxesOfSizeOne(@ForAll("shapes") Shape s, @ForAll long seed) {
        Random random = new Random(seed);
        try (Scope scope = Scope.open()) {
            Shape from = s;
            for (int i = 0; i < s.rank(); i++) {
                from = random.nextBoolean() ? from.with(i, 1) : from;
            }
            Shape small = from;
            NDArray a = counted(small);
            NDArray b = a.broadcastTo(s.insert(0, 2));
            check(b, index -> {
                long[] place = Arrays.copyOfRange(index, 1, index.length);
                for (int i = 0; i < place.length; i++) {
                    place[i] = small.dim(i) == 1 ? 0 : place[i];
                }
                return at(small, place);
            });
            assertSame(a.storage(), b.storage());
        }
    }

    @Property
    void reshapeKeepsTheRowMajorOrderOfAnyLayout(@ForAll("shapes") Shape s, @ForAll long seed) {
        Random random = new Random(seed);
        try (Scope scope = Scope.open()) {
            NDArray a = counted(s);
            NDArray view = s.rank() == 0 ? a : a.transpose(permutation(s.rank(), seed));
            double[] before = view.toDoubleArray();
            List<Long> factors = new ArrayList<>();
            long rest = view.size();
            for (long d : view.shape().dims()) {
                if (rest > 0 && d > 1 && random.nextBoolean() && rest % d == 0) {
                    factors.add(d);
                    rest /= d;
                }
            }
            factors.add(random.nextInt(factors.size() + 1), rest);
            NDArray reshaped = view.reshape(Shape.of(factors));
            assertArrayEquals(before, reshaped.toDoubleArray());
            assertArrayEquals(before, reshaped.reshape(view.shape()).toDoubleArray());
        }
    }

    @Property
    void writingThroughAViewChangesTheArray(@ForAll("shapes") Shape s, @ForAll long seed) {
        try (Scope scope = Scope.open()) {
            NDArray a = counted(s);
            NDArray view = s.rank() == 0 ? a.reshape(1) : a.transpose(permutation(s.rank(), seed));
            NDArray part = view.shape().dim(0) > 1 ? view.slice(0, 1, 2) : view;
            long changed = part.size();
            part.fill(-7);
            assertEquals(
                    changed,
                    Arrays.stream(a.toDoubleArray()).filter(v -> v == -7).count());
        }
    }
}
