package io.kiln.cpu.onednn;

/**
 * How a kernel slides over the spatial axes: one number per axis each. The arrays must not be changed afterwards.
 *
 * @param strides steps between two positions, at least 1
 * @param dilations distances between neighbouring taps, at least 1 (1: no holes)
 * @param padBefore zeros before the first element
 * @param padAfter zeros after the last element
 */
public record Window(long[] strides, long[] dilations, long[] padBefore, long[] padAfter) {

    /** Checks that the arrays have the same length. */
    public Window {
        int axes = strides.length;
        if (dilations.length != axes || padBefore.length != axes || padAfter.length != axes) {
            throw new IllegalArgumentException("window: strides have " + axes + " numbers, dilations "
                    + dilations.length + ", pads " + padBefore.length + " and " + padAfter.length
                    + "; give one per spatial axis");
        }
    }

    /** Number of spatial axes. */
    int axes() {
        return strides.length;
    }

    /** oneDNN counts the holes: 0 for a kernel without holes. */
    long[] holes() {
        long[] holes = dilations.clone();
        for (int i = 0; i < holes.length; i++) {
            holes[i]--;
        }
        return holes;
    }

    void addTo(CallKey key) {
        key.add(strides).add(dilations).add(padBefore).add(padAfter);
    }
}
