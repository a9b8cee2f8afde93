package io.kiln.pointwise;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A straight-line program over the elements of arrays: instruction i writes register i from registers with smaller
 * numbers; some registers are the program's outputs. Equal subexpressions occur once. An output array may have the same
 * memory as an input array (an in-place update): a backend loads the inputs of an element before it stores that
 * element's outputs.
 *
 * <p>Immutable and thread-safe; a backend may cache what it compiles from it by identity.
 */
public final class PointwiseProgram {
    /**
     * One instruction.
     *
     * @param code its operation
     * @param a register of the first operand; for {@link Code#INPUT} and {@link Code#SCALAR} the number of the input or
     *     scalar
     * @param b register of the second operand, or -1
     * @param c register of the third operand, or -1
     * @param constant the number, for {@link Code#CONSTANT}
     */
    public record Instruction(Code code, int a, int b, int c, double constant) {}

    private final List<Instruction> instructions;
    private final int[] outputs;
    private final int inputs;
    private final int scalars;
    private final Map<List<Integer>, PointwiseProgram> variants = new ConcurrentHashMap<>(0);

    private PointwiseProgram(List<Instruction> instructions, int[] outputs) {
        this.instructions = List.copyOf(instructions);
        this.outputs = outputs;
        this.inputs = 1 + highest(Code.INPUT);
        this.scalars = 1 + highest(Code.SCALAR);
    }

    private int highest(Code code) {
        return instructions.stream()
                .filter(i -> i.code() == code)
                .mapToInt(Instruction::a)
                .max()
                .orElse(-1);
    }

    /**
     * Compiles expressions to a program.
     *
     * @param outputs one expression per output array
     * @return the program
     */
    public static PointwiseProgram of(Expr... outputs) {
        List<Instruction> list = new ArrayList<>();
        Map<Instruction, Integer> seen = new HashMap<>();
        Map<Expr, Integer> done = new IdentityHashMap<>();
        int[] registers = new int[outputs.length];
        for (int i = 0; i < outputs.length; i++) {
            registers[i] = emit(outputs[i], list, seen, done);
        }
        return new PointwiseProgram(list, registers);
    }

    private static int emit(Expr e, List<Instruction> list, Map<Instruction, Integer> seen, Map<Expr, Integer> done) {
        if (e == null) {
            return -1;
        }
        Integer known = done.get(e);
        if (known != null) {
            return known;
        }
        boolean leaf = e.code().operands() == 0;
        int a = leaf ? e.index() : emit(e.a(), list, seen, done);
        int b = emit(e.b(), list, seen, done);
        int c = emit(e.c(), list, seen, done);
        Instruction instruction = new Instruction(e.code(), a, b, c, e.constant());
        int register = seen.computeIfAbsent(instruction, i -> {
            list.add(i);
            return list.size() - 1;
        });
        done.put(e, register);
        return register;
    }

    /**
     * The instructions in order of execution.
     *
     * @return an unmodifiable list; the index is the register written
     */
    public List<Instruction> instructions() {
        return instructions;
    }

    /**
     * The number of operations per element.
     *
     * @return the number of instructions that are not inputs, scalars or constants
     */
    public long operations() {
        return instructions.stream()
                .filter(i -> i.code() != Code.INPUT && i.code() != Code.SCALAR && i.code() != Code.CONSTANT)
                .count();
    }

    /**
     * The register of each output array.
     *
     * @return a copy of the register numbers
     */
    public int[] outputs() {
        return outputs.clone();
    }

    /**
     * The number of output arrays.
     *
     * @return outputs
     */
    public int outputCount() {
        return outputs.length;
    }

    /**
     * The number of input arrays.
     *
     * @return inputs
     */
    public int inputCount() {
        return inputs;
    }

    /**
     * The number of scalars that must be passed to each run.
     *
     * @return scalars
     */
    public int scalarCount() {
        return scalars;
    }

    /**
     * The same with one scalar read from an array, so that it may be a number that only a device knows.
     *
     * @param scalar number of the scalar, the last one
     * @param input number of the input that takes its place, behind all others
     * @return a program of one scalar less; the same instance each time
     */
    public PointwiseProgram withScalarAsInput(int scalar, int input) {
        return variants.computeIfAbsent(
                List.of(scalar, input),
                key -> of(registers(
                        leaf -> leaf.code() == Code.SCALAR && leaf.index() == scalar ? Expr.input(input) : leaf)));
    }

    /**
     * The same where an array says so, so that a device decides whether an update takes place: where the condition is 0, outputs
     * are what was there before.
     *
     * @param kept for each output the number of the input that it is there; -1 when it is computed in any case, which not all are
     * @return a program of one more input, the condition, behind all others; the same instance each time
     */
    public PointwiseProgram where(int... kept) {
        List<Integer> key =
                IntStream.concat(IntStream.of(-1), IntStream.of(kept)).boxed().toList();
        int condition = Math.max(inputs - 1, IntStream.of(kept).max().orElse(-1)) + 1;
        return variants.computeIfAbsent(key, k -> {
            Expr[] results = registers(UnaryOperator.identity());
            for (int i = 0; i < results.length; i++) {
                results[i] = kept[i] < 0 ? results[i] : Expr.input(condition).select(results[i], Expr.input(kept[i]));
            }
            return of(results);
        });
    }

    /** The outputs as expressions, with other leaves. */
    private Expr[] registers(UnaryOperator<Expr> leaves) {
        Expr[] all = new Expr[instructions.size()];
        for (int i = 0; i < all.length; i++) {
            Instruction n = instructions.get(i);
            all[i] = n.code().operands() == 0
                    ? leaves.apply(new Expr(n.code(), null, null, null, n.a(), n.constant()))
                    : new Expr(n.code(), all[n.a()], at(all, n.b()), at(all, n.c()), -1, n.constant());
        }
        return IntStream.of(outputs).mapToObj(o -> all[o]).toArray(Expr[]::new);
    }

    private static Expr at(Expr[] all, int register) {
        return register < 0 ? null : all[register];
    }
}
