package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.internal.Memory;
import java.util.Arrays;

/** Transforms products into tiles of images, {@code y = Aᵀ m A}, and finishes them. */
final class TileWriter {
    private static final int TARGET = 1024;

    private final Grid grid;
    private final Algorithm algorithm;
    private final Tensor image;
    private final Finish finish;
    private final int height;
    private final int width;

    /**
     * A writer.
     *
     * @param image where tiles go, [N, C, height, width] with neighbouring channels
     * @param finish epilogue applied to the results
     */
    TileWriter(Grid grid, Tensor image, Finish finish) {
        this.grid = grid;
        this.algorithm = grid.algorithm();
        this.image = image;
        this.finish = finish;
        this.height = Math.toIntExact(image.dims()[2]);
        this.width = Math.toIntExact(image.dims()[3]);
    }

    /**
     * Writes rows of tiles, some channels of them.
     *
     * @param part whose planes hold the products
     * @param base the row of tiles that is the first one of them
     * @param from first row of tiles
     * @param to the row of tiles behind the last one
     * @param planes products, whose columns are the channels
     * @param firstChannel the image's channel that is the first column
     * @return whether all sums were finite
     */
    boolean write(Workspace space, int part, int base, int from, int to, Planes planes, int firstChannel) {
        int m = algorithm.outputs;
        int channels = Math.toIntExact(planes.columns());
        int rowLength = grid.columns() * channels;
        int group = Math.max(1, TARGET / rowLength);
        int length = Math.min(group, Math.max(1, to - from)) * rowLength;
        float[][] column = space.arrays(0, Algorithm.TILE, length);
        float[][][] half = space.matrix(Algorithm.TILE, m, Algorithm.TILE, length);
        float[][] whole = space.arrays(Algorithm.TILE + Algorithm.PRODUCTS, m, length);
        int next = Algorithm.TILE + Algorithm.PRODUCTS + m;
        float[] line = space.arrays(next, 1, width * channels)[0];
        float[] shift = repeated(finish.shift(), firstChannel, channels, space, next + 1, length);
        float[] scale = repeated(finish.scale(), firstChannel, channels, space, next + 2, length);
        float[] other = finish.residual() == null ? null : space.arrays(next + 3, 1, width * channels)[0];
        float[] zeros = space.arrays(next + 4, 1, length)[0];
        Arrays.fill(zeros, 0, length, 0f);
        boolean rectifyNow = finish.rectify() && other == null;
        float[][] turned = new float[m][];
        for (int row = from; row < to; row += group) {
            int end = Math.min(to, row + group);
            int n = (end - row) * rowLength;
            for (int j = 0; j < Algorithm.TILE; j++) {
                for (int i = 0; i < Algorithm.TILE; i++) {
                    long at = planes.at(part, i * Algorithm.TILE + j, (long) (row - base) * grid.columns());
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
                    Loops.addZeroTimes(zeros, whole[j], n);
                    if (scale != null) {
                        Loops.scaleAndAdd(whole[j], scale, shift, n);
                    } else if (shift != null) {
                        Loops.add(whole[j], shift, n);
                    }
                    if (rectifyNow) {
                        Loops.rectify(whole[j], n);
                    }
                }
                store(whole, line, other, row, end, i, firstChannel, channels);
            }
        }
        float sum = 0;
        for (int i = 0; i < length; i++) {
            sum += zeros[i];
        }
        return sum == 0;
    }

    /** The numbers of some channels, once for each place of a row of tiles. */
    private static float[] repeated(float[] each, int first, int channels, Workspace space, int array, int length) {
        if (each == null) {
            return null;
        }
        float[] all = space.arrays(array, 1, length)[0];
        for (int at = 0; at < length; at += channels) {
            System.arraycopy(each, first, all, at, channels);
        }
        return all;
    }

    private void store(
            float[][] values, float[] line, float[] other, int from, int end, int i, int firstChannel, int channels) {
        int m = algorithm.outputs;
        long step = image.strides()[3];
        for (int row = from; row < end; row++) {
            int y = row % grid.rows() * m + i;
            if (y >= height) {
                continue;
            }
            int start = (row - from) * grid.columns();
            for (int x = 0; x < width; x++) {
                System.arraycopy(values[x % m], (start + x / m) * channels, line, x * channels, channels);
            }
            long offset = 4 * (row / grid.rows() * image.strides()[0] + y * image.strides()[2] + firstChannel);
            if (other != null) {
                addResidual(line, other, offset, step, channels);
            }
            long to = image.address() + offset;
            if (step == channels) {
                Memory.put(line, 0, to, width * channels);
            } else {
                for (int x = 0; x < width; x++) {
                    Memory.put(line, x * channels, to + 4 * x * step, channels);
                }
            }
        }
    }

    private void addResidual(float[] line, float[] other, long offset, long step, int channels) {
        long from = finish.residual().address() + offset;
        if (step == channels) {
            Memory.get(from, other, 0, width * channels);
        } else {
            for (int x = 0; x < width; x++) {
                Memory.get(from + 4 * x * step, other, x * channels, channels);
            }
        }
        Loops.add(line, other, width * channels);
        if (finish.rectify()) {
            Loops.rectify(line, width * channels);
        }
    }
}
