package io.kiln.cpu.winograd;

import java.util.ArrayList;
import java.util.Arrays;
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

    private static final int ARRAYS = 128;

    private static final int MOST = 8;

    private final float[][] arrays = new float[ARRAYS][];

    /** Arrays handed out, by first array and number, so that each is created once. */
    private final float[][][][] given = new float[ARRAYS][MOST][][];

    private Workspace() {}

    /** Workspaces of the calling thread for the parts of one loop. */
    static Workspace[] of(int parts) {
        List<Workspace> all = CURRENT.get();
        while (all.size() < parts) {
            all.add(new Workspace());
        }
        return all.subList(0, parts).toArray(new Workspace[0]);
    }

    /** Up to seven arrays from the {@code first}, of at least {@code length} elements. Nobody may change the list. */
    float[][] arrays(int first, int count, int length) {
        boolean grown = false;
        for (int i = first; i < first + count; i++) {
            if (arrays[i] == null || arrays[i].length < length) {
                arrays[i] = new float[Math.addExact((length + STEP - 1) / STEP * STEP, SKEW)];
                grown = true;
            }
        }
        if (grown) {
            for (float[][][] all : given) {
                Arrays.fill(all, null);
            }
        }
        if (given[first][count] == null) {
            given[first][count] = Arrays.copyOfRange(arrays, first, first + count);
        }
        return given[first][count];
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
