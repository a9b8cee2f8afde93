package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds of every shape. */
class ShapePropertiesTest {
    @Provide
    Arbitrary<Shape> shapes() {
        return Arbitraries.longs().between(0, 5).list().ofMaxSize(5).map(Shape::of);
    }

    @Property
    void sizeIsTheProductOfTheSizes(@ForAll("shapes") Shape s) {
        assertEquals(Arrays.stream(s.dims()).reduce(1, (a, b) -> a * b), s.size());
    }

    @Property
    void stridesCountTheElementsBehind(@ForAll("shapes") Shape s) {
        long[] strides = s.contiguousStrides();
        for (int i = 0; i < s.rank(); i++) {
            long behind = 1;
            for (int k = i + 1; k < s.rank(); k++) {
                behind *= Math.max(1, s.dim(k));
            }
            assertEquals(behind, strides[i]);
        }
    }

    @Property
    void negativeAxesCountFromTheEnd(@ForAll("shapes") Shape s) {
        for (int i = 0; i < s.rank(); i++) {
            assertEquals(s.dim(i), s.dim(i - s.rank()));
        }
        assertThrows(ShapeException.class, () -> s.dim(s.rank()));
        assertThrows(ShapeException.class, () -> s.dim(-s.rank() - 1));
    }

    @Property
    void insertUndoesWithout(@ForAll("shapes") Shape s) {
        for (int i = 0; i < s.rank(); i++) {
            assertEquals(s, s.without(i).insert(i, s.dim(i)));
        }
    }

    @Property
    void broadcastingIsSymmetricAndIdempotent(@ForAll("shapes") Shape a, @ForAll("shapes") Shape b) {
        Shape both;
        try {
            both = Shape.broadcast(a, b, "test");
        } catch (ShapeException e) {
            assertThrows(ShapeException.class, () -> Shape.broadcast(b, a, "test"));
            return;
        }
        assertEquals(both, Shape.broadcast(b, a, "test"));
        assertEquals(both, Shape.broadcast(both, a, "test"));
        assertEquals(Math.max(a.rank(), b.rank()), both.rank());
        for (int i = 1; i <= both.rank(); i++) {
            long x = i > a.rank() ? 1 : a.dim(-i);
            long y = i > b.rank() ? 1 : b.dim(-i);
            assertEquals(x == 1 ? y : x, both.dim(-i));
        }
    }

    @Property
    void aShapeAcceptsItselfWithUnknownSizes(@ForAll("shapes") Shape s) {
        assertTrue(s.accepts(s));
        for (int i = 0; i < s.rank(); i++) {
            Shape open = s.with(i, Shape.UNKNOWN);
            assertTrue(open.accepts(s) && s.accepts(open));
            assertEquals(s, open.join(s));
            assertEquals(s, s.join(open));
            assertEquals(Shape.UNKNOWN, open.size());
            assertTrue(!s.with(i, s.dim(i) + 1).accepts(s));
            assertEquals(s, s.join(s.with(i, s.dim(i) + 1)), "contradictions change nothing");
        }
    }

    @Property
    void equalSizesMakeEqualShapes(@ForAll("shapes") Shape s) {
        Shape same = Shape.of(Arrays.stream(s.dims()).boxed().toList());
        assertEquals(s, same);
        assertEquals(s.hashCode(), same.hashCode());
    }

    @Example
    void tooManyElementsAreRefused() {
        Shape s = Shape.of(List.of(1L << 40, 1L << 40));
        assertThrows(ShapeException.class, s::size);
    }

    @Example
    void sizesBelowUnknownAreRefused() {
        assertThrows(ShapeException.class, () -> Shape.of(2, -2));
    }
}
