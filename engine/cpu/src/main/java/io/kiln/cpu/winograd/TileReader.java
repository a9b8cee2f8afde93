package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.internal.Memory;
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

    /** {@code V = Bᵀ d B} of rows of tiles; row {@code base} is the first one of the part's planes. */
    void data(Workspace space, int part, int base, int from, int to, Planes planes) {
        int m = algorithm.outputs;
        int places = grid.columns() + overhang();
        int group = Math.max(1, TARGET / (places * channels));
        int length = Math.min(group, Math.max(1, to - from)) * places * channels;
        float[] line = space.arrays(0, 1, width * channels)[0];
        float[][] whole = space.arrays(1, Algorithm.TILE, length);
        float[][][] half = space.matrix(1 + Algorithm.TILE, Algorithm.TILE, Algorithm.TILE, length);
        float[][][] read = space.matrix(1 + Algorithm.TILE + Algorithm.PRODUCTS, Algorithm.TILE, m, length);
        float[][] column = new float[Algorithm.TILE][];
        float[][] turned = new float[Algorithm.TILE][];
        for (int row = from; row < to; row += group) {
            int end = Math.min(to, row + group);
            int n = (end - row) * places * channels;
            for (int i = 0; i < Algorithm.TILE; i++) {
                read(read[i], line, row, end, places, i);
            }
            for (int j = 0; j < m; j++) {
                for (int i = 0; i < Algorithm.TILE; i++) {
                    column[i] = read[i][j];
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
                                planes.at(part, i * Algorithm.TILE + j, (long) (r - base) * grid.columns()),
                                grid.columns() * channels);
                    }
                }
            }
        }
    }

    /** {@code Z = A dy Aᵀ} of rows of tiles; row {@code base} is the first one of the part's planes. */
    void spread(Workspace space, int part, int base, int from, int to, Planes planes) {
        int m = algorithm.outputs;
        int places = grid.columns();
        int group = Math.max(1, TARGET / (places * channels));
        int length = Math.min(group, Math.max(1, to - from)) * places * channels;
        float[] line = space.arrays(0, 1, width * channels)[0];
        float[][] whole = space.arrays(1, Algorithm.TILE, length);
        float[][][] half = space.matrix(1 + Algorithm.TILE, Algorithm.TILE, m, length);
        float[][][] read = space.matrix(1 + Algorithm.TILE + Algorithm.PRODUCTS, m, m, length);
        float[][] column = new float[m][];
        float[][] turned = new float[Algorithm.TILE][];
        for (int row = from; row < to; row += group) {
            int end = Math.min(to, row + group);
            int n = (end - row) * places * channels;
            for (int i = 0; i < m; i++) {
                read(read[i], line, row, end, places, i);
            }
            for (int j = 0; j < m; j++) {
                for (int i = 0; i < m; i++) {
                    column[i] = read[i][j];
                }
                for (int i = 0; i < Algorithm.TILE; i++) {
                    turned[i] = half[i][j];
                }
                algorithm.spread(column, turned, n);
            }
            for (int i = 0; i < Algorithm.TILE; i++) {
                algorithm.spread(half[i], whole, n);
                for (int j = 0; j < Algorithm.TILE; j++) {
                    long at = planes.at(part, i * Algorithm.TILE + j, (long) (row - base) * places);
                    Memory.put(whole[j], 0, at, n);
                }
            }
        }
    }

    /**
     * Reads row i of all tiles of some rows, into one array for each column of the tiles; with more places than columns, also
     * the tiles behind them. A line of an image comes whole, as the memory's own order is the fastest.
     */
    private void read(float[][] to, float[] line, int from, int end, int places, int i) {
        int m = algorithm.outputs;
        long step = image.strides()[3];
        for (int row = from, at = 0; row < end; row++, at += places * channels) {
            int y = row % grid.rows() * m + i - padRows;
            if (y < 0 || y >= height) {
                for (int j = 0; j < m; j++) {
                    Arrays.fill(to[j], at, at + places * channels, 0);
                }
                continue;
            }
            long source = image.address() + 4 * (row / grid.rows() * image.strides()[0] + y * image.strides()[2]);
            if (step == channels) {
                Memory.get(source, line, 0, width * channels);
            } else {
                for (int x = 0; x < width; x++) {
                    Memory.get(source + 4 * x * step, line, x * channels, channels);
                }
            }
            for (int place = 0, x = -padColumns; place < places; place++) {
                for (int j = 0; j < m; j++, x++) {
                    if (x >= 0 && x < width) {
                        System.arraycopy(line, x * channels, to[j], at + place * channels, channels);
                    } else {
                        Arrays.fill(to[j], at + place * channels, at + (place + 1) * channels, 0);
                    }
                }
            }
        }
    }
}
