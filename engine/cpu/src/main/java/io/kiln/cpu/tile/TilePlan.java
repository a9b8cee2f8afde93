package io.kiln.cpu.tile;

import io.kiln.pointwise.Code;
import io.kiln.pointwise.PointwiseProgram;
import io.kiln.pointwise.PointwiseProgram.Instruction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A program with its registers assigned to tiles and uniforms: what depends on constants, scalars and one-element inputs
 * only is computed once per run ({@link #preamble}), the rest once per tile ({@link #steps}). Tiles are reused as soon as
 * their value is dead, so that all of them together stay in the first-level cache.
 */
final class TilePlan {
    private final List<Step> preambleSteps = new ArrayList<>();
    private final List<Step> tileSteps = new ArrayList<>();
    private final boolean[] uniform;
    private final int[] place;
    private final int[] lastUse;
    private final BitSet busy = new BitSet();
    private int uniforms;

    /** Steps on uniforms, to be run once. */
    final Step[] preamble;
    /** Steps to be run for each tile. */
    final Step[] steps;
    /** For each output the tile that holds it after the steps. */
    final int[] outputs;

    /**
     * Plans a program.
     *
     * @param program the program
     * @param uniformInputs bit i is set when input i has one value for all elements
     */
    TilePlan(PointwiseProgram program, long uniformInputs) {
        List<Instruction> list = program.instructions();
        int n = list.size();
        uniform = new boolean[n];
        place = new int[n];
        lastUse = new int[n];
        for (int i = 0; i < n; i++) {
            uniform[i] = isUniform(list.get(i), uniformInputs);
        }
        findLastUses(list, program.outputs());
        for (int i = 0; i < n; i++) {
            emit(i, list.get(i));
        }
        outputs = program.outputs();
        for (int o = 0; o < outputs.length; o++) {
            int register = outputs[o];
            outputs[o] = uniform[register] ? filled(register) : place[register];
        }
        preamble = preambleSteps.toArray(new Step[0]);
        steps = tileSteps.toArray(new Step[0]);
    }

    private boolean isUniform(Instruction i, long uniformInputs) {
        return switch (i.code()) {
            case CONSTANT, SCALAR -> true;
            case INPUT -> (uniformInputs >>> i.a() & 1) != 0;
            default -> uniform[i.a()] && (i.b() < 0 || uniform[i.b()]) && (i.c() < 0 || uniform[i.c()]);
        };
    }

    private void findLastUses(List<Instruction> list, int[] outputRegisters) {
        Arrays.fill(lastUse, -1);
        for (int i = 0; i < list.size(); i++) {
            Instruction s = list.get(i);
            if (s.code().operands() > 0) {
                lastUse[s.a()] = i;
                if (s.b() >= 0) {
                    lastUse[s.b()] = i;
                }
                if (s.c() >= 0) {
                    lastUse[s.c()] = i;
                }
            }
        }
        for (int register : outputRegisters) {
            lastUse[register] = Integer.MAX_VALUE;
        }
    }

    private void emit(int i, Instruction s) {
        boolean leaf = s.code().operands() == 0;
        if (uniform[i]) {
            place[i] = uniforms++;
            preambleSteps.add(new Step(
                    s.code(),
                    Step.Form.UNIFORM,
                    place[i],
                    leaf ? s.a() : place[s.a()],
                    leaf || s.b() < 0 ? -1 : place[s.b()],
                    leaf || s.c() < 0 ? -1 : place[s.c()],
                    s.constant()));
        } else if (leaf) {
            place[i] = take();
            tileSteps.add(new Step(Code.INPUT, Step.Form.TILES, place[i], s.a(), -1, -1, 0));
        } else {
            switch (s.code().operands()) {
                case 1 -> finish(i, s.code(), Step.Form.TILES, s.a(), place[s.a()], -1, -1, -1, -1);
                case 2 -> binary(i, s);
                default -> select(i, s);
            }
        }
    }

    private void binary(int i, Instruction s) {
        Code code = s.code();
        int a = s.a();
        int b = s.b();
        if (uniform[a] && swapped(code) != null) {
            code = swapped(code);
            a = s.b();
            b = s.a();
        }
        if (uniform[b] && takesLastUniform(code)) {
            finish(i, code, Step.Form.LAST_UNIFORM, a, place[a], -1, place[b], -1, -1);
        } else if (uniform[a] && takesFirstUniform(code)) {
            finish(i, code, Step.Form.MIDDLE_UNIFORM, -1, place[a], b, place[b], -1, -1);
        } else {
            finish(i, code, Step.Form.TILES, a, tile(a), b, tile(b), -1, -1);
        }
    }

    private void select(int i, Instruction s) {
        boolean b = uniform[s.b()];
        boolean c = uniform[s.c()];
        Step.Form form = b && c
                ? Step.Form.BOTH_UNIFORM
                : b ? Step.Form.MIDDLE_UNIFORM : c ? Step.Form.LAST_UNIFORM : Step.Form.TILES;
        finish(i, s.code(), form, s.a(), tile(s.a()), b ? -1 : s.b(), place[s.b()], c ? -1 : s.c(), place[s.c()]);
    }

    /** Frees the operands that die here (before the result takes a tile: it may be one of theirs) and adds the step. */
    private void finish(int i, Code code, Step.Form form, int ra, int a, int rb, int b, int rc, int c) {
        release(i, ra, a);
        release(i, rb, b);
        release(i, rc, c);
        place[i] = take();
        tileSteps.add(new Step(code, form, place[i], a, b, c, 0));
    }

    private void release(int i, int register, int tile) {
        if (register >= 0 && (uniform[register] || lastUse[register] <= i)) {
            busy.clear(tile);
        }
    }

    private int take() {
        int tile = busy.nextClearBit(0);
        busy.set(tile);
        return tile;
    }

    private int tile(int register) {
        return uniform[register] ? filled(register) : place[register];
    }

    private int filled(int register) {
        int tile = take();
        tileSteps.add(new Step(Code.CONSTANT, Step.Form.FILL, tile, place[register], -1, -1, 0));
        return tile;
    }

    /** The code that computes the same with its operands exchanged, or null. */
    private static Code swapped(Code code) {
        return switch (code) {
            case ADD, MUL, MAX, MIN, EQ, NE, AND, OR -> code;
            case LT -> Code.GT;
            case LE -> Code.GE;
            case GT -> Code.LT;
            case GE -> Code.LE;
            default -> null;
        };
    }

    private static boolean takesLastUniform(Code code) {
        return switch (code) {
            case ADD, SUB, MUL, DIV, POW, MAX, MIN, EQ, NE, LT, LE, GT, GE -> true;
            default -> false;
        };
    }

    private static boolean takesFirstUniform(Code code) {
        return switch (code) {
            case SUB, DIV, POW -> true;
            default -> false;
        };
    }
}
