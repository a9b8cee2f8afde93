package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * The lanes of the calling thread: some of each compute type for every part into which the thread splits its loops.
 * They belong to the calling thread, not to the engine threads, which come and go.
 */
final class Scratch {
    /** Elements of the wide tiles of reductions: one of them is half of a first-level cache. */
    static final int WIDE = 4096;

    private static final ThreadLocal<Scratch> CURRENT = ThreadLocal.withInitial(Scratch::new);

    private final FloatLanes first = new FloatLanes(Lanes.TILE);
    private final List<List<Lanes>> narrow = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    private final List<List<Lanes>> wide = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());

    private final Lanes[][] narrowLately = new Lanes[3][];
    private final Lanes[][] wideLately = new Lanes[3][];

    private Scratch() {}

    static Scratch current() {
        return CURRENT.get();
    }

    /**
     * Lanes for work that is not split.
     *
     * @param type compute type
     * @return lanes of {@link Lanes#TILE} elements
     */
    Lanes lanes(DType type) {
        return type == DType.FLOAT32 ? first : lanes(type, 1)[0];
    }

    /**
     * Lanes for the parts of one run.
     *
     * @param type compute type
     * @param parts number of parts
     * @return that many lanes of {@link Lanes#TILE} elements; the array must not be changed
     */
    Lanes[] lanes(DType type, int parts) {
        return lanes(narrow, narrowLately, type, parts, Lanes.TILE);
    }

    /**
     * Lanes with wide tiles for the parts of one run.
     *
     * @param type compute type
     * @param parts number of parts
     * @return that many lanes of {@link #WIDE} elements; the array must not be changed
     */
    Lanes[] wideLanes(DType type, int parts) {
        return lanes(wide, wideLately, type, parts, WIDE);
    }

    private static Lanes[] lanes(List<List<Lanes>> all, Lanes[][] lately, DType type, int parts, int length) {
        int kind = type == DType.FLOAT32 ? 0 : type == DType.FLOAT64 ? 1 : 2;
        if (lately[kind] != null && lately[kind].length == parts) {
            return lately[kind];
        }
        List<Lanes> list = all.get(kind);
        while (list.size() < parts) {
            list.add(
                    switch (type) {
                        case FLOAT32 -> new FloatLanes(length);
                        case FLOAT64 -> new DoubleLanes(length);
                        default -> new LongLanes(length);
                    });
        }
        lately[kind] = list.subList(0, parts).toArray(new Lanes[0]);
        return lately[kind];
    }
}
