package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class Float16Test {
    @Test
    void knownValuesOfBinary16() {
        assertEquals(1f, Float16.toFloat((short) 0x3c00));
        assertEquals(-2f, Float16.toFloat((short) 0xc000));
        assertEquals(65504f, Float16.toFloat((short) 0x7bff));
        assertEquals(0x1p-24f, Float16.toFloat((short) 1));
        assertEquals(Float.POSITIVE_INFINITY, Float16.toFloat((short) 0x7c00));
        assertTrue(Float.isNaN(Float16.toFloat((short) 0x7e01)));
        assertEquals((short) 0x7c00, Float16.fromFloat(65520f));
        assertEquals((short) 0x7bff, Float16.fromFloat(65519.9f));
        assertEquals((short) 0x3c00, Float16.fromFloat(1f + 0x1p-11f));
        assertEquals((short) 0x3c02, Float16.fromFloat(1f + 3 * 0x1p-11f));
        assertEquals((short) 0x8000, Float16.fromFloat(-0f));
        assertEquals((short) 0, Float16.fromFloat(0x1p-25f));
        assertEquals((short) 1, Float16.fromFloat(0x1.8p-25f));
    }

    @Test
    void everyBinary16SurvivesTheWayThroughFloat() {
        for (int i = 0; i < 1 << 16; i++) {
            float f = Float16.toFloat((short) i);
            if (!Float.isNaN(f)) {
                assertEquals((short) i, Float16.fromFloat(f), () -> "value " + f);
            }
        }
    }

    @Test
    void roundingTakesTheNearestNeighbour() {
        for (int i = 0; i < 0x7bff; i++) {
            float low = Float16.toFloat((short) i);
            float high = Float16.toFloat((short) (i + 1));
            float middle = (low + high) / 2;
            short even = (short) (i % 2 == 0 ? i : i + 1);
            assertEquals(even, Float16.fromFloat(middle));
            assertEquals((short) i, Float16.fromFloat(Math.nextDown(middle)));
            assertEquals((short) (i + 1), Float16.fromFloat(Math.nextUp(middle)));
        }
    }

    @Test
    void everyBfloat16SurvivesTheWayThroughFloatAndRoundsToEven() {
        for (int i = 0; i < 1 << 16; i++) {
            float f = Float16.brainToFloat((short) i);
            if (!Float.isNaN(f)) {
                assertEquals((short) i, Float16.brainFromFloat(f));
            }
        }
        assertEquals((short) 0x3f80, Float16.brainFromFloat(1f + 0x1p-8f));
        assertEquals((short) 0x3f82, Float16.brainFromFloat(1f + 3 * 0x1p-8f));
        assertTrue(Float.isNaN(Float16.brainToFloat(Float16.brainFromFloat(Float.NaN))));
    }
}
