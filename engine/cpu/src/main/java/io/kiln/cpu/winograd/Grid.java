package io.kiln.cpu.winograd;

/**
 * How tiles lie on the images: rows of tiles are numbered through all images, tiles through all rows.
 *
 * @param algorithm sizes of a tile
 * @param images number of images
 * @param rows rows of tiles of an image
 * @param columns tiles of a row
 */
record Grid(Algorithm algorithm, int images, int rows, int columns) {

    /** The tiles that cover the outputs [N, ·, height, width]. */
    static Grid over(Algorithm algorithm, long[] outputs) {
        long m = algorithm.outputs;
        return new Grid(
                algorithm,
                Math.toIntExact(outputs[0]),
                Math.toIntExact((outputs[2] + m - 1) / m),
                Math.toIntExact((outputs[3] + m - 1) / m));
    }

    /** Rows of tiles of all images. */
    int allRows() {
        return Math.multiplyExact(images, rows);
    }
}
