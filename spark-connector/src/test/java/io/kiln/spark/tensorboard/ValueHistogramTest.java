package io.kiln.spark.tensorboard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValueHistogramTest {
    private static ValueHistogram of(double factor, float... values) {
        try (Scope scope = Scope.open()) {
            return ValueHistogram.of(NDArray.of(values), factor);
        }
    }

    @Test
    void countsAreOfBucketsOfEqualWidth() {
        ValueHistogram h = of(2, -1, -0.99f, 0.5f, 1);
        assertEquals(-2, h.min());
        assertEquals(2, h.max());
        assertEquals(4, h.counts().stream().mapToDouble(c -> c).sum());
        assertEquals(2, h.counts().get(0));
        assertEquals(1, h.counts().get(37));
        assertEquals(1, h.counts().get(49));
        assertEquals(4 * (1 + 0.9801 + 0.25 + 1), h.squares(), 1e-6);
    }

    @Test
    void equalElementsShareABucket() {
        assertEquals(new ValueHistogram(3, 3, 6, 18, List.of(2.0)), of(1, 3, 3));
    }

    @Test
    void elementsThatAreNotFiniteDoNotCount() {
        assertEquals(
                Collections.nCopies(1, 1.0),
                of(1, Float.NaN, 5, Float.POSITIVE_INFINITY).counts());
        assertEquals(List.of(), of(1, Float.NaN).counts());
    }
}
