package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.Memory;
import java.util.Arrays;

/**
 * Transforms tiles of images into the rows of {@link Planes}: the elements of the source ({@link #data}), or the gradients of
 * the outputs ({@link #spread}). Images are [N, C, height, width] with neighbouring channels; beyond their edges are zeros.
 *
 * <p>Arrays hold several rows of tiles, of each row the elements of one column of all its tiles, of each element its channels.
 */
final class TileReader {
    /** Elements of an array that keep loops long and the arrays in the second-level cache. */
    private static final int TARGET = 1024;

    private final Grid grid;
    private final Algorithm algorithm;
    private final Tensor image;
    private final int channels;
    private final int height;
    private final int width;
    private final int padRows;
    private final int padColumns;

    /**
     * A reader.
     *
     * @param padRows rows of zeros before the first one
     * @param padColumns columns of zeros before the first one
     */
    TileReader(Grid grid, Tensor image, int padRows, int padColumns) {
        this.grid = grid;
        this.algorithm = grid.algorithm();
        this.image = image;
        this.channels = Math.toIntExact(image.dims()[1]);
        this.height = Math.toIntExact(image.dims()[2]);
        this.width = Math.toIntExact(image.dims()[3]);
        this.padRows = padRows;
        this.padColumns = padColumns;
    }

    /** Tiles next to the last one of a row that its last elements reach into. */
    private int overhang() {
        return (Algorithm.TILE - 1) / algorithm.outputs;
    }

    /** Elements of the longest arrays of a reader, with one row of tiles. */
    static long length(Grid grid, long channels) {
        return (grid.columns() + (Algorithm.TILE - 1) / grid.algorithm().outputs) * channels;
    }

    /** {@code V = Bᵀ d B} of rows of tiles; row {@code base} is the first one of the planes. */
    void data(Workspace space, int from, int to, int base, Planes planes) {
        int m = algorithm.outputs;
        int places = grid.columns() + overhang();
        int group = Math.max(1, TARGET / (places * channels));
        int length = Math.min(group, Math.max(1, to - from)) * places * channels;
        float[][] column = space.arrays(0, Algorithm.TILE, length);
        float[][][] half = space.matrix(Algorithm.TILE, Algorithm.TILE, Algorithm.TILE, length);
        float[][] whole = space.arrays(Algorithm.TILE + Algorithm.PRODUCTS, Algorithm.TILE, length);
        float[][] turned = new float[Algorithm.TILE][];
        for (int row = from; row < to; row += group) {
            int end = Math.min(to, row + group);
            int n = (end - row) * places * channels;
            for (int j = 0; j < m; j++) {
                for (int i = 0; i < Algorithm.TILE; i++) {
                    read(column[i], row, end, places, i, j);
                    turned[i] = half[i][j];
                }
                Algorithm.data(column, turned, n);
            }
            for (int i = 0; i < Algorithm.TILE; i++) {
                for (int j = m; j < Algorithm.TILE; j++) {
                    int shift = j / m * channels;
                    System.arraycopy(half[i][j % m], shift, half[i][j], 0, n - shift);
                }
                int valid = n - overhang() * channels;
                Algorithm.data(half[i], whole, valid);
                for (int j = 0; j < Algorithm.TILE; j++) {
                    for (int r = row; r < end; r++) {
                        Memory.put(
                                whole[j],
                                (r - row) * places * channels,
                                planes.at(i * Algorithm.TILE + j, (long) (r - base) * grid.columns()),
                                grid.columns() * channels);
                    }
                }
            }
        }
    }

    /** {@code Z = A dy Aᵀ} of rows of tiles; row {@code base} is the first one of the planes. */
    void spread(Workspace space, int from, int to, int base, Planes planes) {
        int m = algorithm.outputs;
        int places = grid.columns();
        int group = Math.max(1, TARGET / (places * channels));
        int length = Math.min(group, Math.max(1, to - from)) * places * channels;
        float[][] column = space.arrays(0, m, length);
        float[][][] half = space.matrix(Algorithm.TILE, Algorithm.TILE, m, length);
        float[][] whole = space.arrays(Algorithm.TILE + Algorithm.PRODUCTS, Algorithm.TILE, length);
        float[][] turned = new float[Algorithm.TILE][];
        for (int row = from; row < to; row += group) {
            int end = Math.min(to, row + group);
            int n = (end - row) * places * channels;
            for (int j = 0; j < m; j++) {
                for (int i = 0; i < m; i++) {
                    read(column[i], row, end, places, i, j);
                }
                for (int i = 0; i < Algorithm.TILE; i++) {
                    turned[i] = half[i][j];
                }
                algorithm.spread(column, turned, n);
            }
            for (int i = 0; i < Algorithm.TILE; i++) {
                algorithm.spread(half[i], whole, n);
                for (int j = 0; j < Algorithm.TILE; j++) {
                    long at = planes.at(i * Algorithm.TILE + j, (long) (row - base) * places);
                    Memory.put(whole[j], 0, at, n);
                }
            }
        }
    }

    /** Reads element (i, j) of all tiles of some rows; with more places than columns, of the tiles behind them too. */
    private void read(float[] to, int from, int end, int places, int i, int j) {
        int m = algorithm.outputs;
        long step = image.strides()[3];
        for (int row = from, at = 0; row < end; row++) {
            int y = row % grid.rows() * m + i - padRows;
            if (y < 0 || y >= height) {
                Arrays.fill(to, at, at + places * channels, 0);
                at += places * channels;
                continue;
            }
            long line = image.address() + 4 * (row / grid.rows() * image.strides()[0] + y * image.strides()[2]);
            for (int place = 0, x = j - padColumns; place < places; place++, x += m, at += channels) {
                if (x >= 0 && x < width) {
                    Memory.get(line + 4 * x * step, to, at, channels);
                } else {
                    Arrays.fill(to, at, at + channels, 0);
                }
            }
        }
    }
}
