package io.kiln.op.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Permutations of axes. */
public final class Axes {
    private Axes() {}

    /** The permutation that undoes another. */
    public static List<Long> inverse(List<Long> axes) {
        List<Long> inverse = new ArrayList<>(Collections.nCopies(axes.size(), 0L));
        for (int i = 0; i < axes.size(); i++) {
            inverse.set(axes.get(i).intValue(), (long) i);
        }
        return List.copyOf(inverse);
    }
}
