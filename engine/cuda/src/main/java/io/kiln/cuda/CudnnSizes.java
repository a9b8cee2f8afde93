package io.kiln.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Sizes in cuDNN's terms: ints, and at least two spatial axes, of which the first has one element where there is one. */
final class CudnnSizes {
    /** Axes before the spatial ones: the batch and its channels, or the channels of a weight. */
    static final int CHANNELS = 2;

    private static final int MOST_AXES = 3;

    private CudnnSizes() {}

    /** Whether cuDNN takes an array of these sizes, which has a number of spatial axes. */
    static boolean areInRange(long... dims) {
        int axes = dims.length - CHANNELS;
        if (axes < 1 || axes > MOST_AXES) {
            return false;
        }
        long size = 1;
        for (long dim : dims) {
            if (dim < 1 || dim > Integer.MAX_VALUE) {
                return false;
            }
            size *= dim;
            if (size > Integer.MAX_VALUE) {
                return false; // cuDNN's strides are ints
            }
        }
        return true;
    }

    /** The sizes of an array. */
    static List<Integer> of(long... dims) {
        List<Integer> all =
                new ArrayList<>(LongStream.of(dims).mapToObj(Math::toIntExact).toList());
        if (all.size() == CHANNELS + 1) {
            all.add(CHANNELS, 1);
        }
        return List.copyOf(all);
    }

    /** A property of a window along each spatial axis; one that does nothing where there is none. */
    static List<Integer> window(List<Long> given, int axes, int missing) {
        List<Integer> all = new ArrayList<>();
        for (int d = 0; d < axes; d++) {
            all.add(given.isEmpty() ? missing : Math.toIntExact(given.get(d)));
        }
        if (axes == 1) {
            all.add(0, missing);
        }
        return List.copyOf(all);
    }
}
