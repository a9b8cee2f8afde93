package io.kiln.cuda;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * cuDNN's descriptors of problems that come again. Belongs to a queue, under whose lock it is used. Descriptors lie in the host's memory, own
 * none of the device's, and are read while a call is given to the stream: what was captured of it has copies of the sizes, so that those of
 * which a recording was made may be destroyed before it is replayed.
 *
 * @param <P> the problems
 * @param <D> their descriptors
 */
final class DescriptorCache<P, D extends DescriptorCache.Descriptors> {
    private static final int MOST_PROBLEMS = 512;

    private final Function<P, D> maker;
    private final Map<P, D> known = new LinkedHashMap<>();

    /** What cuDNN has made for a problem. */
    interface Descriptors {
        /** Destroys the descriptors. */
        void close();
    }

    DescriptorCache(Function<P, D> maker) {
        this.maker = maker;
    }

    D of(P problem) {
        if (known.size() >= MOST_PROBLEMS) {
            close();
        }
        return known.computeIfAbsent(problem, maker);
    }

    void close() {
        known.values().forEach(Descriptors::close);
        known.clear();
    }
}
