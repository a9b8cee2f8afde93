package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import java.util.Arrays;

/**
 * The lanes of the calling thread: one of each compute type for every part into which the thread splits its loops. They
 * belong to the calling thread and not to the engine threads, which come and go.
 */
final class Scratch {
    private static final ThreadLocal<Scratch> CURRENT = ThreadLocal.withInitial(Scratch::new);

    private FloatLanes[] floats = {new FloatLanes()};
    private DoubleLanes[] doubles = {};
    private LongLanes[] longs = {};

    private Scratch() {}

    static Scratch current() {
        return CURRENT.get();
    }

    /**
     * Lanes for the parts of one run.
     *
     * @param type compute type
     * @param parts how many parts
     * @return at least that many lanes
     */
    Lanes[] lanes(DType type, int parts) {
        switch (type) {
            case FLOAT32 -> {
                for (int i = floats.length; i < parts; i++) {
                    floats = Arrays.copyOf(floats, i + 1);
                    floats[i] = new FloatLanes();
                }
                return floats;
            }
            case FLOAT64 -> {
                for (int i = doubles.length; i < parts; i++) {
                    doubles = Arrays.copyOf(doubles, i + 1);
                    doubles[i] = new DoubleLanes();
                }
                return doubles;
            }
            default -> {
                for (int i = longs.length; i < parts; i++) {
                    longs = Arrays.copyOf(longs, i + 1);
                    longs[i] = new LongLanes();
                }
                return longs;
            }
        }
    }
}
