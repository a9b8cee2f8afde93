package io.kiln.kernels;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.PointwiseProgram;
import io.kiln.pointwise.PointwiseProgram.Instruction;
import java.util.List;

/** Writes a pointwise program as a kernel for arrays of certain dtypes and a number of axes. */
final class PointwiseSource {
    private final String name;
    private final PointwiseProgram program;
    private final ComputeType type;
    private final int axes;
    private final NDArray[] arrays;
    private final StringBuilder s = new StringBuilder();

    PointwiseSource(String name, PointwiseProgram program, ComputeType type, int axes, NDArray... arrays) {
        this.name = name;
        this.program = program;
        this.type = type;
        this.axes = axes;
        this.arrays = arrays;
    }

    /** The codes of the interpreter as cases of a switch. */
    static String steps(ComputeType type) {
        StringBuilder cases = new StringBuilder();
        for (Code code : Code.values()) {
            String expression = code.operands() == 0 ? null : Expressions.of(code, type);
            if (expression != null) {
                cases.append("            case ")
                        .append(code.ordinal())
                        .append(": v = ")
                        .append(expression)
                        .append("; break;\n");
            }
        }
        return cases.toString();
    }

    /**
     * The source.
     *
     * @param functions the functions that it may call
     */
    String text(String functions) {
        s.append(functions);
        s.append("typedef struct { long size; long dims[").append(axes).append("];");
        for (int k = 0; k < arrays.length; k++) {
            s.append(" long start")
                    .append(k)
                    .append("; long stride")
                    .append(k)
                    .append('[')
                    .append(axes)
                    .append("];");
        }
        s.append(" } Parameters;\ntypedef struct { T values[")
                .append(program.scalarCount() + 1)
                .append("]; } Scalars;\n");
        s.append("KERNEL ").append(name).append('(');
        for (int k = 0; k < arrays.length; k++) {
            s.append("GLOBAL uchar *p").append(k).append(", ");
        }
        s.append("ARGUMENT Parameters p, ARGUMENT Scalars scalars) {\n");
        s.append("  for (long i = GID(0); i < p.size; i += GSZ(0)) {\n");
        places();
        List<Instruction> steps = program.instructions();
        for (int i = 0; i < steps.size(); i++) {
            s.append("    const T r")
                    .append(i)
                    .append(" = ")
                    .append(value(steps.get(i)))
                    .append(";\n");
        }
        int[] outputs = program.outputs();
        for (int k = 0; k < outputs.length; k++) {
            int at = program.inputCount() + k;
            s.append("    store(p").append(at).append(", at").append(at).append(", ");
            s.append(arrays[at].dtype().ordinal())
                    .append(", r")
                    .append(outputs[k])
                    .append(");\n");
        }
        return s.append("  }\n}\n").toString();
    }

    private void places() {
        for (int k = 0; k < arrays.length; k++) {
            s.append("    long at").append(k).append(" = p.start").append(k);
            s.append(axes == 1 ? " + i * p.stride" + k + "[0];\n" : ";\n");
        }
        if (axes == 1) {
            return;
        }
        s.append("    long rest = i;\n");
        for (int d = axes - 1; d >= 0; d--) {
            s.append("    {\n      const long q = ").append(d == 0 ? "0" : "rest / p.dims[" + d + "]");
            s.append(";\n      const long index = rest - q * p.dims[").append(d).append("];\n      rest = q;\n");
            for (int k = 0; k < arrays.length; k++) {
                s.append("      at")
                        .append(k)
                        .append(" += index * p.stride")
                        .append(k)
                        .append('[')
                        .append(d)
                        .append("];\n");
            }
            s.append("    }\n");
        }
    }

    private String value(Instruction i) {
        switch (i.code()) {
            case INPUT -> {
                return "load(p" + i.a() + ", at" + i.a() + ", "
                        + arrays[i.a()].dtype().ordinal() + ")";
            }
            case SCALAR -> {
                return "scalars.values[" + i.a() + "]";
            }
            case CONSTANT -> {
                return literal(i.constant());
            }
            default -> {
                return operation(i);
            }
        }
    }

    /** The expression with registers in place of its letters. */
    private String operation(Instruction i) {
        return Expressions.of(i.code(), type)
                .replaceAll("\\ba\\b", "r" + i.a())
                .replaceAll("\\bb\\b", "r" + i.b())
                .replaceAll("\\bc\\b", "r" + i.c());
    }

    private String literal(double value) {
        return switch (type) {
            case LONG -> (long) value == Long.MIN_VALUE ? "(-9223372036854775807L - 1L)" : (long) value + "L";
            case FLOAT -> "AS_FLOAT(0x" + Integer.toHexString(Float.floatToRawIntBits((float) value)) + "u)";
            case DOUBLE -> "AS_DOUBLE(0x" + Long.toHexString(Double.doubleToRawLongBits(value)) + "UL)";
        };
    }
}
