package io.kiln.cpu.winograd;

import java.util.ArrayList;
import java.util.List;

/**
 * The heap arrays in which one part of a loop transforms. They belong to the thread that calls the kernels, as those of tiles
 * do, and grow to what the largest convolution needs.
 */
final class Workspace {
    /** Elements that an array has at least, and by which it is longer than a multiple of itself. */
    private static final int STEP = 1024;

    /** Keeps neighbouring arrays from standing at the same place of a page, which makes loads wait for other arrays' stores. */
    private static final int SKEW = 84;

    private static final ThreadLocal<List<Workspace>> CURRENT = ThreadLocal.withInitial(ArrayList::new);

    private float[][] arrays = {};

    private Workspace() {}

    /** Workspaces of the calling thread for the parts of one loop. */
    static Workspace[] of(int parts) {
        List<Workspace> all = CURRENT.get();
        while (all.size() < parts) {
            all.add(new Workspace());
        }
        return all.subList(0, parts).toArray(new Workspace[0]);
    }

    /** A number of arrays from the {@code first}, of at least {@code length} elements. */
    float[][] arrays(int first, int count, int length) {
        if (arrays.length < first + count) {
            float[][] more = new float[first + count][];
            System.arraycopy(arrays, 0, more, 0, arrays.length);
            arrays = more;
        }
        float[][] taken = new float[count][];
        for (int i = 0; i < count; i++) {
            float[] array = arrays[first + i];
            if (array == null || array.length < length) {
                array = new float[Math.addExact((length + STEP - 1) / STEP * STEP, SKEW)];
                arrays[first + i] = array;
            }
            taken[i] = array;
        }
        return taken;
    }

    /** A matrix of arrays, from the {@code first}. */
    float[][][] matrix(int first, int rows, int columns, int length) {
        float[][][] matrix = new float[rows][][];
        for (int i = 0; i < rows; i++) {
            matrix[i] = arrays(first + i * columns, columns, length);
        }
        return matrix;
    }
}
