package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
    @Test
    void countsAccuracyAndTableAgree() {
        ConfusionMatrix m = new ConfusionMatrix(3);
        m.add(0, 0);
        m.add(0, 2);
        m.add(1, 1);
        m.add(1, 1);
        assertEquals(0.75, m.accuracy());
        assertEquals(1, m.wrong());
        assertEquals(
                """
                true \\ predicted    0    1    2   found
                               0    1    ·    1   50.0%
                               1    ·    2    ·  100.0%
                               2    ·    ·    ·       –
                """,
                m.toString());
    }
}
