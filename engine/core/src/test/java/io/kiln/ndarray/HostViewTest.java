package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class HostViewTest {
    @Test
    void numbersComeBackAsTheyWent() {
        try (HostView v = HostView.allocate(32)) {
            v.put(0, new double[] {1, 2.5, -3}, 1, 2);
            v.put(16, new float[] {7, 8}, 0, 2);
            v.put(24, new long[] {Long.MIN_VALUE}, 0, 1);
            double[] d = new double[2];
            v.get(0, d, 0, 2);
            assertArrayEquals(new double[] {2.5, -3}, d);
            float[] f = new float[3];
            v.slice(16, 8).get(4, f, 2, 1);
            assertArrayEquals(new float[] {0, 0, 8}, f);
            long[] l = new long[1];
            v.get(24, l, 0, 1);
            assertEquals(Long.MIN_VALUE, l[0]);
        }
    }

    @Test
    void nothingOutsideIsTouched() {
        try (HostView v = HostView.allocate(8);
                HostView other = HostView.allocate(9)) {
            assertThrows(IndexOutOfBoundsException.class, () -> v.put(4, new double[1], 0, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> v.get(-1, new byte[1], 0, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> v.slice(4, 5));
            assertThrows(IllegalArgumentException.class, () -> v.copyFrom(other));
        }
    }

    @Test
    void aViewAndItsSlicesEndWithItsClose() {
        HostView v = HostView.allocate(8);
        HostView part = v.slice(0, 4);
        part.close();
        part.put(0, new float[] {1}, 0, 1);
        v.close();
        v.close();
        assertThrows(IllegalStateException.class, () -> v.get(0, new byte[1], 0, 1));
        assertThrows(IllegalStateException.class, () -> part.get(0, new byte[1], 0, 1));
    }
}
