package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.pointwise.Code;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Compiles steps of plain arithmetic to the bytecode of one loop, in a hidden class. It equals the loop that one would
 * write by hand: {@code for (int i = 0; i < n; i++) { float v0 = t0[i]; float v1 = v0 * u0 + t1[i]; …; t2[i] = v7; }},
 * for which HotSpot generates vector instructions for every step.
 */
final class LoopCompiler {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
    private static final String NAME = LoopCompiler.class.getPackageName().replace('.', '/') + "/Fused";

    private static final int TILES = 1;
    private static final int UNIFORMS = 2;
    private static final int COUNT = 3;
    private static final int INDEX = 4;
    private static final int FIRST_LOCAL = 5;

    private final Type type;
    private final MethodVisitor code;
    private final TreeMap<Integer, Integer> arrays = new TreeMap<>();
    private final TreeMap<Integer, Integer> uniforms = new TreeMap<>();
    private final TreeMap<Integer, Integer> values = new TreeMap<>();
    private int locals = FIRST_LOCAL;

    private LoopCompiler(Type type, MethodVisitor code) {
        this.type = type;
        this.code = code;
    }

    /** Whether a step can be part of a generated loop: HotSpot has vector instructions for it. */
    static boolean takes(TileStep s) {
        if (s.form() == TileStep.Form.POSITIVE) {
            return false;
        }
        return switch (s.code()) {
            case CONSTANT -> s.form() == TileStep.Form.FILL;
            case NEG, ABS, SQRT, RSQRT, RECIPROCAL, ADD, SUB, MUL, DIV, MAX, MIN -> true;
            default -> false;
        };
    }

    /**
     * Compiles steps.
     *
     * @param dtype compute type, float32 or float64
     * @param steps steps in order, each defining a new value; operands are values
     * @param read values that are read from tiles
     * @param written values that are written to tiles
     * @param tile the tile of each of these values
     * @return the loop
     */
    static Loop compile(DType dtype, List<TileStep> steps, BitSet read, BitSet written, int[] tile) {
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_FRAMES | ClassWriter.COMPUTE_MAXS);
        String object = Type.getInternalName(Object.class);
        writer.visit(
                Opcodes.V17, Opcodes.ACC_FINAL, NAME, null, object, new String[] {Type.getInternalName(Loop.class)});
        MethodVisitor constructor = writer.visitMethod(0, "<init>", "()V", null, null);
        constructor.visitCode();
        constructor.visitVarInsn(Opcodes.ALOAD, 0);
        constructor.visitMethodInsn(Opcodes.INVOKESPECIAL, object, "<init>", "()V", false);
        constructor.visitInsn(Opcodes.RETURN);
        constructor.visitMaxs(0, 0);
        constructor.visitEnd();
        MethodVisitor run =
                writer.visitMethod(Opcodes.ACC_PUBLIC, "run", "(Ljava/lang/Object;Ljava/lang/Object;I)V", null, null);
        run.visitCode();
        new LoopCompiler(dtype == DType.FLOAT32 ? Type.FLOAT_TYPE : Type.DOUBLE_TYPE, run)
                .write(steps, read, written, tile);
        run.visitMaxs(0, 0);
        run.visitEnd();
        writer.visitEnd();
        try {
            MethodHandles.Lookup hidden = LOOKUP.defineHiddenClass(writer.toByteArray(), true);
            return (Loop) hidden.findConstructor(hidden.lookupClass(), MethodType.methodType(void.class))
                    .invoke();
        } catch (Throwable t) {
            throw new IllegalStateException("pointwise: the loop of " + steps + " is not a valid class", t);
        }
    }

    private void write(List<TileStep> steps, BitSet read, BitSet written, int[] tile) {
        String matrix = "[[" + type.getDescriptor();
        for (int argument = TILES; argument <= UNIFORMS; argument++) {
            code.visitVarInsn(Opcodes.ALOAD, argument);
            code.visitTypeInsn(Opcodes.CHECKCAST, matrix);
            code.visitVarInsn(Opcodes.ASTORE, argument);
        }
        read.stream().forEach(v -> array(tile[v]));
        written.stream().forEach(v -> array(tile[v]));
        for (TileStep s : steps) {
            if (s.form() == TileStep.Form.FILL) {
                uniform(s.a());
                continue;
            }
            for (int i = 0; i < 3; i++) {
                if (!s.readsTile(i) && s.operand(i) >= 0) {
                    uniform(s.operand(i));
                }
            }
            if (s.d() >= 0) {
                uniform(s.d());
            }
        }
        Label head = new Label();
        Label end = new Label();
        code.visitInsn(Opcodes.ICONST_0);
        code.visitVarInsn(Opcodes.ISTORE, INDEX);
        code.visitLabel(head);
        code.visitVarInsn(Opcodes.ILOAD, INDEX);
        code.visitVarInsn(Opcodes.ILOAD, COUNT);
        code.visitJumpInsn(Opcodes.IF_ICMPGE, end);
        read.stream().forEach(v -> {
            code.visitVarInsn(Opcodes.ALOAD, arrays.get(tile[v]));
            code.visitVarInsn(Opcodes.ILOAD, INDEX);
            code.visitInsn(type.getOpcode(Opcodes.IALOAD));
            store(v);
        });
        for (TileStep s : steps) {
            step(s);
            store(s.target());
        }
        written.stream().forEach(v -> {
            code.visitVarInsn(Opcodes.ALOAD, arrays.get(tile[v]));
            code.visitVarInsn(Opcodes.ILOAD, INDEX);
            code.visitVarInsn(type.getOpcode(Opcodes.ILOAD), values.get(v));
            code.visitInsn(type.getOpcode(Opcodes.IASTORE));
        });
        code.visitIincInsn(INDEX, 1);
        code.visitJumpInsn(Opcodes.GOTO, head);
        code.visitLabel(end);
        code.visitInsn(Opcodes.RETURN);
    }

    /** Loads the array of a tile into a local variable, once. */
    private void array(int tile) {
        arrays.computeIfAbsent(tile, t -> {
            code.visitVarInsn(Opcodes.ALOAD, TILES);
            code.visitLdcInsn(t);
            code.visitInsn(Opcodes.AALOAD);
            code.visitVarInsn(Opcodes.ASTORE, locals);
            return locals++;
        });
    }

    private void uniform(int index) {
        uniforms.computeIfAbsent(index, u -> {
            code.visitVarInsn(Opcodes.ALOAD, UNIFORMS);
            code.visitLdcInsn(u);
            code.visitInsn(Opcodes.AALOAD);
            code.visitInsn(Opcodes.ICONST_0);
            code.visitInsn(type.getOpcode(Opcodes.IALOAD));
            return local();
        });
    }

    /** Pops a number into a new local variable. */
    private int local() {
        int local = locals;
        locals += type.getSize();
        code.visitVarInsn(type.getOpcode(Opcodes.ISTORE), local);
        return local;
    }

    private void store(int value) {
        values.put(value, local());
    }

    /** Pushes the result of a step. */
    private void step(TileStep s) {
        switch (s.form()) {
            case FILL -> push(uniforms.get(s.a()));
            case SCALED, BOTH_SCALED -> {
                push(values.get(s.a()));
                push(uniforms.get(s.c()));
                arithmetic(Opcodes.IMUL);
                push(values.get(s.b()));
                if (s.form() == TileStep.Form.BOTH_SCALED) {
                    push(uniforms.get(s.d()));
                    arithmetic(Opcodes.IMUL);
                }
                arithmetic(Opcodes.IADD);
            }
            default -> {
                if (s.code() == Code.RECIPROCAL || s.code() == Code.RSQRT) {
                    code.visitInsn(type == Type.FLOAT_TYPE ? Opcodes.FCONST_1 : Opcodes.DCONST_1);
                }
                for (int i = 0; i < s.code().operands(); i++) {
                    push((s.readsTile(i) ? values : uniforms).get(s.operand(i)));
                }
                operation(s.code());
            }
        }
    }

    private void operation(Code operation) {
        switch (operation) {
            case ADD -> arithmetic(Opcodes.IADD);
            case SUB -> arithmetic(Opcodes.ISUB);
            case MUL -> arithmetic(Opcodes.IMUL);
            case DIV, RECIPROCAL -> arithmetic(Opcodes.IDIV);
            case NEG -> arithmetic(Opcodes.INEG);
            case ABS -> call("abs", 1);
            case MAX -> call("max", 2);
            case MIN -> call("min", 2);
            case SQRT -> root();
            case RSQRT -> {
                root();
                arithmetic(Opcodes.IDIV);
            }
            default -> throw new IllegalStateException("pointwise: no bytecode for " + operation);
        }
    }

    /** HotSpot recognizes the square root of a float by these conversions. */
    private void root() {
        if (type == Type.FLOAT_TYPE) {
            code.visitInsn(Opcodes.F2D);
        }
        code.visitMethodInsn(Opcodes.INVOKESTATIC, "java/lang/Math", "sqrt", "(D)D", false);
        if (type == Type.FLOAT_TYPE) {
            code.visitInsn(Opcodes.D2F);
        }
    }

    private void call(String function, int operands) {
        String one = type.getDescriptor();
        code.visitMethodInsn(
                Opcodes.INVOKESTATIC, "java/lang/Math", function, "(" + one.repeat(operands) + ")" + one, false);
    }

    private void arithmetic(int opcode) {
        code.visitInsn(type.getOpcode(opcode));
    }

    private void push(int local) {
        code.visitVarInsn(type.getOpcode(Opcodes.ILOAD), local);
    }
}
