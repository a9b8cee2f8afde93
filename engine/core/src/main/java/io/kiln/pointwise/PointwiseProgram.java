package io.kiln.pointwise;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

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
}
