package io.kiln.cpu.bits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.RowBits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BitsTest {
    private static String hash(double... values) {
        try (Scope scope = Scope.open()) {
            return hash(NDArray.of(Shape.of(values.length), values));
        }
    }

    private static String hash(NDArray array) {
        Bits bits = new Bits();
        bits.add("x", array);
        return bits.lines().get(0).split(" ")[0];
    }

    @Test
    void everyBitOfANumberCounts() {
        assertEquals(hash(1, 2), hash(1, 2));
        assertNotEquals(hash(1, 2), hash(1, Math.nextUp(2.0)));
        assertNotEquals(hash(0.0), hash(-0.0));
        assertNotEquals(hash(1, 2), hash(2, 1));
    }

    @Test
    void allNaNsAreTheSame() {
        assertEquals(hash(Double.NaN), hash(Double.longBitsToDouble(0xfff8000000000001L)));
    }

    @Test
    void shapeAndTypeCount() {
        try (Scope scope = Scope.open()) {
            assertNotEquals(hash(NDArray.of(Shape.of(1, 2), 1f, 2f)), hash(NDArray.of(Shape.of(2), 1f, 2f)));
            assertNotEquals(hash(NDArray.of(Shape.of(2), 1f, 2f)), hash(1, 2));
        }
    }

    @Test
    void equalNamesAreNumberedAndLongOnesStayApart() {
        Bits bits = new Bits();
        bits.within("a").add("b", 1);
        bits.within("a").add("b", 2);
        bits.add("x".repeat(300) + 1, 1);
        bits.add("x".repeat(300) + 2, 1);
        assertEquals(4, bits.lines().size());
        assertEquals("a | b", bits.lines().get(0).substring(13));
        assertEquals("a | b #2", bits.lines().get(1).substring(13));
    }

    @Test
    void aRowHasNamesOfItsOwnForOutputsAndGradients() {
        Row row = OperatorTable.rows().get(0);
        List<String> names = new ArrayList<>();
        new RowBits(row, (name, samples) -> names.add(name)).compute();
        Set<String> unique = new HashSet<>(names);
        assertEquals(names.size(), unique.size());
        for (String part : new String[] {"outputs", "gradients", "eager", "hybridized", "float64", "bfloat16"}) {
            assertTrue(names.stream().anyMatch(n -> n.contains(part)), part + " in " + names);
        }
    }
}
