package io.kiln.cpu.tile;

import io.kiln.pointwise.Code;
import io.kiln.pointwise.PointwiseProgram;
import io.kiln.pointwise.PointwiseProgram.Instruction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A program with its registers assigned to tiles and uniforms: values that depend only on constants, scalars and
 * one-element inputs are computed once per run ({@link #preamble}), all others once per tile ({@link #steps}). Tiles
 * are reused as soon as their value is dead, so that all of them together stay in the first-level cache.
 */
final class TilePlan {
    private final List<TileStep> preambleSteps = new ArrayList<>();
    private final List<TileStep> tileSteps = new ArrayList<>();
    private final boolean[] uniform;
    private final int[] place;
    private final int[] lastUse;
    private final int[] uses;
    private final boolean[] absorbed;
    private final List<Instruction> list;
    private final BitSet busy = new BitSet();
    private final boolean reuse;
    private int uniforms;

    /** Steps on uniforms, to be run once. */
    final TileStep[] preamble;
    /** Steps to be run for each tile. */
    final TileStep[] steps;
    /** For each output, the tile that holds it after the steps. */
    final int[] outputs;

    /**
     * Plans a program.
     *
     * @param program the program
     * @param uniformInputs bit i is set when input i has one value for all elements
     */
    TilePlan(PointwiseProgram program, long uniformInputs) {
        this(program, uniformInputs, true);
    }

    /**
     * Plans a program.
     *
     * @param program the program
     * @param uniformInputs bit i is set when input i has one value for all elements
     * @param reuse whether a tile takes another value once its value is dead; otherwise each value has its own tile
     */
    TilePlan(PointwiseProgram program, long uniformInputs, boolean reuse) {
        this.reuse = reuse;
        list = program.instructions();
        int n = list.size();
        uniform = new boolean[n];
        place = new int[n];
        lastUse = new int[n];
        uses = new int[n];
        absorbed = new boolean[n];
        for (int i = 0; i < n; i++) {
            uniform[i] = isUniform(list.get(i), uniformInputs);
        }
        findLastUses(program.outputs());
        for (int i = 0; i < n; i++) {
            absorb(i);
        }
        for (int i = 0; i < n; i++) {
            emit(i, list.get(i));
        }
        outputs = program.outputs();
        for (int o = 0; o < outputs.length; o++) {
            int register = outputs[o];
            outputs[o] = uniform[register] ? filled(register) : place[register];
        }
        preamble = preambleSteps.toArray(new TileStep[0]);
        steps = tileSteps.toArray(new TileStep[0]);
    }

    private boolean isUniform(Instruction i, long uniformInputs) {
        return switch (i.code()) {
            case CONSTANT, SCALAR -> true;
            case INPUT -> (uniformInputs >>> i.a() & 1) != 0;
            default -> uniform[i.a()] && (i.b() < 0 || uniform[i.b()]) && (i.c() < 0 || uniform[i.c()]);
        };
    }

    private void findLastUses(int[] outputRegisters) {
        Arrays.fill(lastUse, -1);
        for (int i = 0; i < list.size(); i++) {
            Instruction s = list.get(i);
            if (s.code().operands() > 0) {
                use(s.a(), i);
                use(s.b(), i);
                use(s.c(), i);
            }
        }
        for (int register : outputRegisters) {
            use(register, Integer.MAX_VALUE);
        }
    }

    private void use(int register, int user) {
        if (register >= 0) {
            lastUse[register] = Math.max(lastUse[register], user);
            uses[register]++;
        }
    }

    /** Marks instructions that the step of their only user absorbs: factors of sums, and the test of a ReLU. */
    private void absorb(int i) {
        Instruction s = list.get(i);
        if (uniform[i]) {
            return;
        }
        if (s.code() == Code.ADD && !uniform[s.a()] && !uniform[s.b()]) {
            absorbFactor(s.a(), i);
            absorbFactor(s.b(), i);
        } else if (s.code() == Code.SELECT && uses[s.a()] == 1 && isZero(s.c()) && !uniform[s.b()]) {
            Instruction test = list.get(s.a());
            if (test.code() == Code.GT && !uniform[test.a()] && isZero(test.b())) {
                absorbed[s.a()] = true;
                lastUse[test.a()] = Math.max(lastUse[test.a()], i);
            }
        }
    }

    private void absorbFactor(int register, int user) {
        Instruction s = list.get(register);
        if (s.code() == Code.MUL && uses[register] == 1 && uniform[s.a()] != uniform[s.b()]) {
            absorbed[register] = true;
            int tile = uniform[s.a()] ? s.b() : s.a();
            lastUse[tile] = Math.max(lastUse[tile], user);
        }
    }

    private boolean isZero(int register) {
        Instruction s = list.get(register);
        return s.code() == Code.CONSTANT && Double.doubleToRawLongBits(s.constant()) == 0;
    }

    private void emit(int i, Instruction s) {
        boolean leaf = s.code().operands() == 0;
        if (uniform[i]) {
            place[i] = uniforms++;
            preambleSteps.add(new TileStep(
                    s.code(),
                    TileStep.Form.UNIFORM,
                    place[i],
                    leaf ? s.a() : place[s.a()],
                    leaf || s.b() < 0 ? -1 : place[s.b()],
                    leaf || s.c() < 0 ? -1 : place[s.c()],
                    -1,
                    s.constant()));
        } else if (absorbed[i]) {
            return;
        } else if (leaf) {
            place[i] = take();
            tileSteps.add(TileStep.of(Code.INPUT, TileStep.Form.TILES, place[i], s.a()));
        } else {
            switch (s.code().operands()) {
                case 1 -> finish(i, TileStep.of(s.code(), TileStep.Form.TILES, 0, place[s.a()]), s.a(), -1, -1);
                case 2 -> binary(i, s);
                default -> select(i, s);
            }
        }
    }

    private void binary(int i, Instruction s) {
        if (s.code() == Code.ADD && (absorbed[s.a()] || absorbed[s.b()])) {
            scaledSum(i, s);
            return;
        }
        Code code = s.code();
        int a = s.a();
        int b = s.b();
        if (uniform[a] && swapped(code) != null) {
            code = swapped(code);
            a = s.b();
            b = s.a();
        }
        if (uniform[b] && takesLastUniform(code)) {
            finish(i, TileStep.of(code, TileStep.Form.LAST_UNIFORM, 0, place[a], place[b]), a, -1, -1);
        } else if (uniform[a] && takesFirstUniform(code)) {
            finish(i, TileStep.of(code, TileStep.Form.MIDDLE_UNIFORM, 0, place[a], place[b]), -1, b, -1);
        } else {
            finish(i, TileStep.of(code, TileStep.Form.TILES, 0, tile(a), tile(b)), a, b, -1);
        }
    }

    private void scaledSum(int i, Instruction s) {
        Instruction first = list.get(absorbed[s.a()] ? s.a() : s.b());
        int a = uniform[first.a()] ? first.b() : first.a();
        int factor = place[uniform[first.a()] ? first.a() : first.b()];
        if (absorbed[s.a()] && absorbed[s.b()]) {
            Instruction second = list.get(s.b());
            int b = uniform[second.a()] ? second.b() : second.a();
            int other = place[uniform[second.a()] ? second.a() : second.b()];
            finish(i, TileStep.of(Code.ADD, TileStep.Form.BOTH_SCALED, 0, place[a], place[b], factor, other), a, b, -1);
        } else {
            int b = absorbed[s.a()] ? s.b() : s.a();
            finish(i, TileStep.of(Code.ADD, TileStep.Form.SCALED, 0, place[a], place[b], factor), a, b, -1);
        }
    }

    private void select(int i, Instruction s) {
        if (absorbed[s.a()]) {
            int tested = list.get(s.a()).a();
            TileStep step = TileStep.of(Code.SELECT, TileStep.Form.POSITIVE, 0, place[tested], place[s.b()]);
            finish(i, step, tested, s.b(), -1);
            return;
        }
        boolean b = uniform[s.b()];
        boolean c = uniform[s.c()];
        TileStep.Form form = b && c
                ? TileStep.Form.BOTH_UNIFORM
                : b ? TileStep.Form.MIDDLE_UNIFORM : c ? TileStep.Form.LAST_UNIFORM : TileStep.Form.TILES;
        TileStep step = TileStep.of(s.code(), form, 0, tile(s.a()), place[s.b()], place[s.c()]);
        finish(i, step, s.a(), b ? -1 : s.b(), c ? -1 : s.c());
    }

    /**
     * Frees the operands that die here (before the result takes a tile, which may be one of theirs) and adds the step.
     */
    private void finish(int i, TileStep s, int a, int b, int c) {
        release(i, a, s.a());
        release(i, b, s.b());
        release(i, c, s.c());
        place[i] = take();
        tileSteps.add(s.to(place[i]));
    }

    private void release(int i, int register, int tile) {
        if (reuse && register >= 0 && (uniform[register] || lastUse[register] <= i)) {
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
        tileSteps.add(TileStep.of(Code.CONSTANT, TileStep.Form.FILL, tile, place[register]));
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
