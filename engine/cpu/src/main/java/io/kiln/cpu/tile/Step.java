package io.kiln.cpu.tile;

import io.kiln.pointwise.Code;

/**
 * One step of a {@link TilePlan}. Registers are tiles (many elements) or uniforms (one value for all elements of the run).
 *
 * @param code what it computes
 * @param form where the operands and the result stand
 * @param target number of the tile (or uniform, in the form {@link Form#UNIFORM}) that it writes
 * @param a first operand; the number of the input or scalar of a load
 * @param b second operand
 * @param c third operand; a factor in the scaled forms
 * @param d the other factor of {@link Form#BOTH_SCALED}
 * @param constant the number of a {@link Code#CONSTANT}
 */
record Step(Code code, Form form, int target, int a, int b, int c, int d, double constant) {
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
        /** Tile b where tile a is positive, else 0. */
        POSITIVE,
        /** Fills the target tile with the uniform a. */
        FILL
    }
}
