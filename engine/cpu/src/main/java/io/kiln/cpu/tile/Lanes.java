package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.pointwise.Code;

/**
 * The registers of one part of a run and the loops over them, in one compute type. Reused from run to run.
 *
 * <p>Concurrency: belongs to one part at a time.
 */
abstract class Lanes {
    /** Elements of a tile: six tiles of float fit into a first-level cache of 32 KiB. */
    static final int TILE = 1024;

    /** Elements of each tile of these lanes. */
    final int length;

    Lanes(int length) {
        this.length = length;
    }

    /**
     * Loads elements into a tile, converted to the compute type.
     *
     * @param dtype their type
     * @param address the first one
     * @param stride distance in elements, 0 repeats the first one
     * @param tile the tile
     * @param at first index in the tile
     * @param count how many
     */
    abstract void load(DType dtype, long address, long stride, int tile, int at, int count);

    /**
     * Stores elements of a tile, converted from the compute type.
     *
     * @param dtype their type in memory
     * @param address the first one
     * @param stride distance in elements
     * @param tile the tile
     * @param at first index in the tile
     * @param count how many
     */
    abstract void store(DType dtype, long address, long stride, int tile, int at, int count);

    /**
     * Repeats the first elements of a tile.
     *
     * @param tile the tile
     * @param period number of elements to repeat
     * @param count number of elements to fill
     */
    abstract void repeat(int tile, int period, int count);

    /**
     * Sets a uniform.
     *
     * @param index the uniform
     * @param value its value
     */
    abstract void uniform(int index, double value);

    /** The value of a uniform. */
    abstract double uniform(int index);

    /**
     * Loads a uniform from memory.
     *
     * @param index the uniform
     * @param dtype the type in memory
     * @param address its address
     */
    abstract void loadUniform(int index, DType dtype, long address);

    /**
     * Runs a step over the first elements of its tiles.
     *
     * @param step the step
     * @param count number of elements
     */
    abstract void run(TileStep step, int count);

    /**
     * Runs a generated loop over the first elements of its tiles.
     *
     * @param loop the loop
     * @param count number of elements
     */
    abstract void run(Loop loop, int count);

    /**
     * Allocates missing tiles.
     *
     * @param count number of tiles that a run needs
     */
    abstract void reserve(int count);

    /**
     * Finds the largest or smallest element of a row: the first of equal ones, or the first NaN if there is one.
     *
     * @param rows the rows
     * @param row the row
     * @param largest whether to look for the largest element
     * @return its index in the row; -1 if the row is empty
     */
    abstract long extreme(AxisRows rows, long row, boolean largest);

    /** Whether there is a uniform second operand for which an operation returns its first operand. */
    static boolean mayChangeNothing(Code code) {
        return code == Code.MUL || code == Code.DIV || code == Code.MIN || code == Code.MAX;
    }

    /**
     * Whether an operation with this second operand returns its first operand, as with the defaults of clipping and
     * scaling.
     */
    static boolean changesNothing(Code code, double b) {
        return switch (code) {
            case MUL, DIV -> b == 1;
            case MIN -> b == Double.POSITIVE_INFINITY;
            case MAX -> b == Double.NEGATIVE_INFINITY;
            default -> false;
        };
    }

    static IllegalStateException unknown(TileStep step) {
        return new IllegalStateException("pointwise: no loop for " + step);
    }
}
