package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.internal.Memory;

/**
 * Transforms weights, row-major [O, C, taps, taps], into the rows of {@link Planes}, {@code U = G g Gᵀ}, and gradients of
 * those back, {@code g = Gᵀ U G}.
 */
final class Filters {
    private static final int TARGET = 1024;

    private final Algorithm algorithm;
    private final Tensor weights;
    private final int taps;
    private final int window;

    Filters(Algorithm algorithm, Tensor weights) {
        this.algorithm = algorithm;
        this.weights = weights;
        this.taps = algorithm.taps;
        this.window = taps * taps;
    }

    /**
     * Transforms the weights of some pairs of channels. For a convolution rows are input channels and columns output channels;
     * for that of its gradient the other way round, with the taps in reverse order.
     *
     * @param from first row
     * @param to behind the last row
     * @param firstColumn the channel that is the first column of the planes
     * @param planes where they go, from row {@code from} on
     * @param reverse whether for the gradient
     */
    void forward(Workspace space, int from, int to, int firstColumn, Planes planes, boolean reverse) {
        int columns = Math.toIntExact(planes.columns());
        int group = Math.max(1, TARGET / columns);
        int length = Math.min(group, Math.max(1, to - from)) * columns;
        float[][][] g = space.matrix(0, taps, taps, length);
        float[][][] half = space.matrix(window, taps, Algorithm.TILE, length);
        float[][] whole = space.arrays(window + taps * Algorithm.TILE, Algorithm.TILE, length);
        float[] raw = space.arrays(window + taps * Algorithm.TILE + Algorithm.TILE, 1, window * length)[0];
        float[][] column = new float[taps][];
        for (int row = from; row < to; row += group) {
            int rows = Math.min(to - row, group);
            if (reverse) {
                gatherReversed(raw, g, row, rows, firstColumn, columns);
            } else {
                gather(raw, g, row, rows, firstColumn, columns);
            }
            int n = rows * columns;
            for (int j = 0; j < taps; j++) {
                for (int i = 0; i < taps; i++) {
                    column[i] = g[i][j];
                }
                algorithm.filter(column, half[j], n);
            }
            for (int i = 0; i < Algorithm.TILE; i++) {
                for (int j = 0; j < taps; j++) {
                    column[j] = half[j][i];
                }
                algorithm.filter(column, whole, n);
                for (int j = 0; j < Algorithm.TILE; j++) {
                    Memory.put(whole[j], 0, planes.at(0, i * Algorithm.TILE + j, row), n);
                }
            }
        }
    }

    private void gather(float[] raw, float[][][] g, int row, int rows, int firstColumn, int columns) {
        long channels = weights.dims()[1];
        for (int o = 0; o < columns; o++) {
            long at = weights.address() + 4 * ((firstColumn + o) * channels + row) * window;
            Memory.get(at, raw, 0, rows * window);
            for (int i = 0; i < taps; i++) {
                split(raw, i * taps, g[i], o, columns, rows);
            }
        }
    }

    private void gatherReversed(float[] raw, float[][][] g, int row, int rows, int firstColumn, int columns) {
        long channels = weights.dims()[1];
        float[][] backwards = new float[taps][];
        for (int o = 0; o < rows; o++) {
            long at = weights.address() + 4 * ((row + o) * channels + firstColumn) * window;
            Memory.get(at, raw, 0, columns * window);
            for (int i = 0; i < taps; i++) {
                for (int j = 0; j < taps; j++) {
                    backwards[j] = g[taps - 1 - i][taps - 1 - j];
                }
                split(raw, i * taps, backwards, o * columns, 1, columns);
            }
        }
    }

    /** Deals out one row of taps of some neighbouring weights. */
    private void split(float[] raw, int first, float[][] row, int start, int step, int count) {
        float[] a = row[0];
        float[] b = row[1];
        float[] c = row[2];
        for (int i = 0, at = start, from = first; i < count; i++, at += step, from += window) {
            a[at] = raw[from];
            b[at] = raw[from + 1];
            c[at] = raw[from + 2];
        }
        for (int j = 3; j < taps; j++) {
            float[] d = row[j];
            for (int i = 0, at = start, from = first + j; i < count; i++, at += step, from += window) {
                d[at] = raw[from];
            }
        }
    }

    /**
     * Transforms gradients, the sum over the parts, whose rows are output channels and whose columns input channels, back into the weights' memory.
     *
     * @param from first row of the planes
     * @param to behind the last row
     * @param firstRow the output channel that is row 0
     * @param planes the gradients
     */
    void gradient(Workspace space, int from, int to, int firstRow, Planes planes) {
        int columns = Math.toIntExact(planes.columns());
        int group = Math.max(1, TARGET / columns);
        int length = Math.min(group, Math.max(1, to - from)) * columns;
        float[][] column = space.arrays(0, Algorithm.TILE, length);
        float[][][] half = space.matrix(Algorithm.TILE, taps, Algorithm.TILE, length);
        float[][] whole = space.arrays(Algorithm.TILE * (1 + taps), taps, length);
        float[] other = space.arrays(Algorithm.TILE * (1 + taps) + taps, 1, length)[0];
        float[] raw = space.arrays(Algorithm.TILE * (1 + taps) + taps + 1, 1, window * length)[0];
        float[][] turned = new float[taps][];
        for (int row = from; row < to; row += group) {
            int n = Math.min(to - row, group) * columns;
            for (int j = 0; j < Algorithm.TILE; j++) {
                for (int i = 0; i < Algorithm.TILE; i++) {
                    Memory.get(planes.at(0, i * Algorithm.TILE + j, row), column[i], 0, n);
                    for (int part = 1; part < planes.parts(); part++) {
                        Memory.get(planes.at(part, i * Algorithm.TILE + j, row), other, 0, n);
                        Loops.add(column[i], other, n);
                    }
                }
                for (int i = 0; i < taps; i++) {
                    turned[i] = half[i][j];
                }
                algorithm.filterGradient(column, turned, n);
            }
            for (int i = 0; i < taps; i++) {
                algorithm.filterGradient(half[i], whole, n);
                for (int j = 0; j < taps; j++) {
                    float[] values = whole[j];
                    int tap = i * taps + j;
                    for (int c = 0; c < n; c++) {
                        raw[c * window + tap] = values[c];
                    }
                }
            }
            long at = weights.address() + 4 * (firstRow + row) * (long) columns * window;
            Memory.put(raw, 0, at, n * window);
        }
    }
}
