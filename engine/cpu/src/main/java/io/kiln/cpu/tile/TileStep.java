package io.kiln.cpu.tile;

import io.kiln.pointwise.Code;
import java.util.function.IntUnaryOperator;

/**
 * One step of a {@link TilePlan}. Registers are tiles (many elements) or uniforms (one value for all elements of the
 * run).
 *
 * @param code what it computes
 * @param form the kinds of the operands and the result
 * @param target number of the tile (or uniform, in the form {@link Form#UNIFORM}) that it writes
 * @param a first operand; the number of the input or scalar of a load
 * @param b second operand
 * @param c third operand; a factor in the scaled forms
 * @param d the other factor of {@link Form#BOTH_SCALED}
 * @param constant the number of a {@link Code#CONSTANT}
 */
record TileStep(Code code, Form form, int target, int a, int b, int c, int d, double constant) {
    private static final int NONE = -1;

    /** A step that is not a constant, with the operands that it has. */
    static TileStep of(Code code, Form form, int target, int... operands) {
        int[] all = {NONE, NONE, NONE, NONE};
        System.arraycopy(operands, 0, all, 0, operands.length);
        return new TileStep(code, form, target, all[0], all[1], all[2], all[3], 0);
    }

    /** Kinds of operands. */
    enum Form {
        /** All operands and the result are uniforms. */
        UNIFORM,
        /** All operands and the result are tiles. */
        TILES,
        /** As {@link #TILES}, but the last operand is a uniform. */
        LAST_UNIFORM,
        /** As {@link #TILES}, but the operand before the last is a uniform. */
        MIDDLE_UNIFORM,
        /** The two last of three operands are uniforms. */
        BOTH_UNIFORM,
        /** Tile a times uniform c, plus tile b. */
        SCALED,
        /** Tile a times uniform c, plus tile b times uniform d. */
        BOTH_SCALED,
        /** Tile b where tile a is positive, otherwise 0. */
        POSITIVE,
        /** Fills the target tile with the uniform a. */
        FILL
    }

    /** Whether the operand a (0), b (1) or c (2) is a tile. */
    boolean readsTile(int operand) {
        int operands = code.operands();
        return switch (form) {
            case UNIFORM, FILL -> false;
            case TILES -> operand < operands;
            case LAST_UNIFORM -> operand < operands - 1;
            case MIDDLE_UNIFORM -> operand < operands && operand != operands - 2;
            case BOTH_UNIFORM -> operand == 0;
            case SCALED, BOTH_SCALED, POSITIVE -> operand < 2;
        };
    }

    /** The operand a (0), b (1) or c (2). */
    int operand(int operand) {
        return operand == 0 ? a : operand == 1 ? b : c;
    }

    /** The same step with another target. */
    TileStep to(int tile) {
        return new TileStep(code, form, tile, a, b, c, d, constant);
    }

    /** The same step on other tiles. */
    TileStep renamed(IntUnaryOperator tile) {
        return new TileStep(
                code,
                form,
                tile.applyAsInt(target),
                readsTile(0) ? tile.applyAsInt(a) : a,
                readsTile(1) ? tile.applyAsInt(b) : b,
                readsTile(2) ? tile.applyAsInt(c) : c,
                d,
                constant);
    }
}
