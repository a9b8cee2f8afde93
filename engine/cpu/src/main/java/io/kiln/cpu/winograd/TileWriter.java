package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.Memory;

/** Transforms products into tiles of images, {@code y = Aᵀ m A}, adds a bias and rectifies. */
final class TileWriter {
    private static final int TARGET = 1024;

    private final Grid grid;
    private final Algorithm algorithm;
    private final Tensor image;
    private final float[] bias;
    private final boolean rectify;
    private final int height;
    private final int width;

    /**
     * A writer.
     *
     * @param image where tiles go, [N, C, height, width] with neighbouring channels
     * @param bias what is added to the channels, or null
     * @param rectify whether negative values become 0
     */
    TileWriter(Grid grid, Tensor image, float[] bias, boolean rectify) {
        this.grid = grid;
        this.algorithm = grid.algorithm();
        this.image = image;
        this.bias = bias;
        this.rectify = rectify;
        this.height = Math.toIntExact(image.dims()[2]);
        this.width = Math.toIntExact(image.dims()[3]);
    }

    /**
     * Writes rows of tiles, some channels of them.
     *
     * @param base the row of tiles that is the first one of the planes
     * @param planes products, whose columns are the channels
     * @param firstChannel the image's channel that is the first column
     */
    void write(Workspace space, int from, int to, int base, Planes planes, int firstChannel) {
        int m = algorithm.outputs;
        int channels = Math.toIntExact(planes.columns());
        int rowLength = grid.columns() * channels;
        int group = Math.max(1, TARGET / rowLength);
        int length = Math.min(group, Math.max(1, to - from)) * rowLength;
        float[][] column = space.arrays(0, Algorithm.TILE, length);
        float[][][] half = space.matrix(Algorithm.TILE, m, Algorithm.TILE, length);
        float[][] whole = space.arrays(Algorithm.TILE + Algorithm.PRODUCTS, m, length);
        float[] shift = bias == null ? null : space.arrays(Algorithm.TILE + Algorithm.PRODUCTS + m, 1, length)[0];
        for (int at = 0; shift != null && at < length; at += channels) {
            System.arraycopy(bias, firstChannel, shift, at, channels);
        }
        float[][] turned = new float[m][];
        for (int row = from; row < to; row += group) {
            int end = Math.min(to, row + group);
            int n = (end - row) * rowLength;
            for (int j = 0; j < Algorithm.TILE; j++) {
                for (int i = 0; i < Algorithm.TILE; i++) {
                    long at = planes.at(i * Algorithm.TILE + j, (long) (row - base) * grid.columns());
                    Memory.get(at, column[i], 0, n);
                }
                for (int i = 0; i < m; i++) {
                    turned[i] = half[i][j];
                }
                algorithm.output(column, turned, n);
            }
            for (int i = 0; i < m; i++) {
                algorithm.output(half[i], whole, n);
                for (int j = 0; j < m; j++) {
                    if (shift != null) {
                        Loops.add(whole[j], shift, n);
                    }
                    if (rectify) {
                        Loops.rectify(whole[j], n);
                    }
                    store(whole[j], row, end, i, j, firstChannel, channels);
                }
            }
        }
    }

    private void store(float[] values, int from, int end, int i, int j, int firstChannel, int channels) {
        int m = algorithm.outputs;
        long step = image.strides()[3];
        for (int row = from; row < end; row++) {
            int y = row % grid.rows() * m + i;
            if (y >= height) {
                continue;
            }
            long line = image.address()
                    + 4 * (row / grid.rows() * image.strides()[0] + y * image.strides()[2] + firstChannel);
            int at = (row - from) * grid.columns() * channels;
            for (int x = j; x < width; x += m, at += channels) {
                Memory.put(values, at, line + 4 * x * step, channels);
            }
        }
    }
}
