package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.op.internal.Philox;
import io.kiln.op.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class PhiloxTest {
    /** Counter, key and result of philox4x32 with 10 rounds, as philox.py beside prints them. */
    @Test
    void givesTheKnownAnswers() {
        known(0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        known(-1, -1, -1, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        known(
                0x85a308d3243f6a88L,
                0x0370734413198a2eL,
                0x299f31d0a4093822L,
                0xd16cfe09,
                0x94fdcceb,
                0x5001e420,
                0x24126ea1);
    }

    private static void known(long low, long high, long key, int... expected) {
        int[] words = new int[4];
        Philox.fill(new RandomGenerator.State(key, high), low, words);
        assertArrayEquals(expected, words);
    }

    @Test
    void laterBlocksFollowFromTheirNumber() {
        RandomGenerator.State draw = new RandomGenerator.State(3, 4);
        int[] all = new int[40];
        int[] some = new int[8];
        Philox.fill(draw, 0, all);
        Philox.fill(draw, 5, some);
        for (int i = 0; i < some.length; i++) {
            assertEquals(all[20 + i], some[i]);
        }
    }

    @Test
    void uniformStaysBelowOne() {
        assertEquals(0f, Philox.uniform(0));
        assertTrue(Philox.uniform(-1) < 1f);
        assertEquals(0.5f, Philox.uniform(0x80000000));
    }

    @Test
    void normalsAreFiniteAtTheEndsOfTheRange() {
        assertTrue(Double.isFinite(Philox.normalCos(0, 0)));
        assertTrue(Double.isFinite(Philox.normalSin(-1, -1)));
    }
}
