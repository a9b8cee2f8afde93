package io.kiln.kernels;

import io.kiln.backend.Context;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.PointwiseProgram;
import io.kiln.pointwise.PointwiseProgram.Instruction;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One pointwise program on one device. A driver takes between 50 and 500 ms to build a kernel, and many programs run
 * once or twice on little: a program is therefore interpreted by one kernel for all until it has run over so many
 * elements that a kernel of its own pays.
 *
 * <p>Concurrency: thread-safe.
 */
final class DevicePointwise {
    /**
     * Elements that a program runs over before it gets a kernel of its own, 0 for at once; after "kiln." and the
     * device's type.
     */
    private static final String PROPERTY = ".interpretedElements";

    private static final long WORTH_BUILDING = 1L << 22;
    private static final int GROUP = 64;

    // As in interpreter.cl.
    private static final int MOST_INPUTS = 8;
    private static final int MOST_OUTPUTS = 4;
    private static final int MOST_AXES = 6;
    private static final int MOST_REGISTERS = 64;

    private final Kernels kernels;
    private final PointwiseProgram program;
    private final boolean wholeNumbers;
    private final boolean interpretable;
    private final long worth;
    private final AtomicLong elements = new AtomicLong();
    private final Map<ComputeType, Tape> tapes = new ConcurrentHashMap<>();
    private final Map<String, DeviceKernel> built = new ConcurrentHashMap<>();

    /** The instructions in buffers of the device. */
    private record Tape(Object code, Object constants) {}

    DevicePointwise(Kernels kernels, PointwiseProgram program) {
        this(kernels, program, Long.getLong("kiln." + kernels.device().device().type() + PROPERTY, WORTH_BUILDING));
    }

    /**
     * Prepares a program.
     *
     * @param worth elements that it runs over before it gets a kernel of its own
     */
    DevicePointwise(Kernels kernels, PointwiseProgram program, long worth) {
        this.worth = worth;
        this.kernels = kernels;
        this.program = program;
        List<Instruction> steps = program.instructions();
        wholeNumbers = steps.stream()
                .filter(i -> i.code() == Code.CONSTANT)
                .allMatch(i -> i.constant() == Math.rint(i.constant()));
        interpretable = steps.size() <= MOST_REGISTERS
                && program.inputCount() <= MOST_INPUTS
                && program.outputCount() <= MOST_OUTPUTS
                && program.scalarCount() <= MOST_INPUTS;
    }

    /**
     * Runs the program.
     *
     * @param inputs arrays that broadcast to the outputs' shape, none of which an output spoils
     * @param outputs arrays of one shape
     * @param scalars the program's scalars
     * @return false when the device cannot: nothing has been done then
     */
    boolean run(NDArray[] inputs, NDArray[] outputs, double... scalars) {
        ComputeType type = type(inputs, outputs, scalars);
        if (!isComputable(type, inputs, outputs)) {
            return false;
        }
        Shape shape = outputs[0].shape();
        if (shape.size() == 0) {
            return true;
        }
        int in = program.inputCount();
        NDArray[] arrays = new NDArray[in + outputs.length];
        System.arraycopy(inputs, 0, arrays, 0, in);
        System.arraycopy(outputs, 0, arrays, in, outputs.length);
        Grid grid = new Grid(shape.dims(), arrays);
        long seen = elements.addAndGet(grid.size);
        boolean interprets = interpretable && grid.dims.length <= MOST_AXES;
        if (interprets && seen <= worth && !isCaptured()) {
            interpret(type, grid, arrays, scalars);
            return true;
        }
        if (runBuilt(type, grid, arrays, scalars)) {
            return true;
        }
        if (interprets) {
            interpret(type, grid, arrays, scalars);
        }
        return interprets;
    }

    /** What is captured runs many times. */
    private boolean isCaptured() {
        return Context.current().queue(kernels.device()).isCapturing();
    }

    /** The program's scalars as the kernel takes them, read anew at each launch. */
    private Object numbers(ComputeType type, int room, double... scalars) {
        int count = program.scalarCount();
        if (count == 0) {
            return type.numbers(new double[room]);
        }
        return (Changing) () -> {
            double[] values = new double[room];
            System.arraycopy(scalars, 0, values, 0, count);
            for (double value : values) {
                if (type == ComputeType.LONG && value != Math.rint(value)) {
                    throw new IllegalStateException("run: scalar " + value
                            + " of a program on integers was a whole number when the program was captured");
                }
            }
            return type.numbers(values);
        };
    }

    /** What the device cannot do of the program, for the log: its first code without expression, or its arrays. */
    String unsupported() {
        for (Instruction i : program.instructions()) {
            boolean missing = i.code().operands() > 0
                    && Expressions.of(i.code(), ComputeType.FLOAT) == null
                    && Expressions.of(i.code(), ComputeType.LONG) == null;
            if (missing) {
                return i.code().name().toLowerCase(Locale.ROOT);
            }
        }
        return "pointwise program of " + (program.inputCount() + program.outputCount()) + " arrays";
    }

    /** As {@link io.kiln.op.Pointwise#computeType}; integers with a fraction among the numbers compute in float64. */
    private ComputeType type(NDArray[] inputs, NDArray[] outputs, double... scalars) {
        DType t = outputs[0].dtype();
        for (NDArray y : outputs) {
            t = t.promote(y.dtype());
        }
        for (NDArray x : inputs) {
            t = t.promote(x.dtype());
        }
        if (t.isFloating()) {
            return ComputeType.of(t);
        }
        boolean whole = wholeNumbers;
        for (double s : scalars) {
            whole &= s == Math.rint(s);
        }
        return whole ? ComputeType.LONG : ComputeType.DOUBLE;
    }

    private boolean isComputable(ComputeType type, NDArray[] inputs, NDArray[] outputs) {
        boolean doubles = kernels.device().hasDoubles();
        if (!type.isOn(kernels.device())) {
            return false;
        }
        for (NDArray x : inputs) {
            if (x.dtype() == DType.FLOAT64 && !doubles) {
                return false;
            }
        }
        for (Instruction i : program.instructions()) {
            if (i.code().operands() > 0 && Expressions.of(i.code(), type) == null) {
                return false;
            }
        }
        return true;
    }

    private void interpret(ComputeType type, Grid grid, NDArray[] arrays, double... scalars) {
        Tape tape = tapes.computeIfAbsent(type, this::tape);
        int in = program.inputCount();
        int slots = MOST_INPUTS + MOST_OUTPUTS;
        long[] p = new long[5 + MOST_AXES + 2 * slots + MOST_OUTPUTS + slots * MOST_AXES];
        p[0] = grid.size;
        p[1] = grid.dims.length;
        p[2] = program.instructions().size();
        p[3] = in;
        p[4] = arrays.length - in;
        System.arraycopy(grid.dims, 0, p, 5, grid.dims.length);
        int starts = 5 + MOST_AXES;
        int types = starts + slots;
        int registers = types + slots;
        int strides = registers + MOST_OUTPUTS;
        Object[] arguments = new Object[2 + slots + 2];
        arguments[0] = tape.code;
        arguments[1] = tape.constants;
        for (int k = 0; k < slots; k++) {
            arguments[2 + k] = arrays[arrays.length - 1];
        }
        for (int k = 0; k < arrays.length; k++) {
            int slot = k < in ? k : MOST_INPUTS + k - in;
            arguments[2 + slot] = arrays[k];
            p[starts + slot] = grid.starts[k];
            p[types + slot] = arrays[k].dtype().ordinal();
            System.arraycopy(grid.strides[k], 0, p, strides + slot * MOST_AXES, grid.dims.length);
        }
        int[] outputs = program.outputs();
        for (int k = 0; k < outputs.length; k++) {
            p[registers + k] = outputs[k];
        }
        arguments[2 + slots] = p;
        arguments[3 + slots] = numbers(type, MOST_INPUTS, scalars);
        kernels.programs().interpreter(type).run(kernels.items(grid.size), new long[] {GROUP}, arguments);
    }

    private Tape tape(ComputeType type) {
        List<Instruction> steps = program.instructions();
        int[] code = new int[4 * steps.size()];
        double[] constants = new double[steps.size()];
        for (int i = 0; i < steps.size(); i++) {
            Instruction s = steps.get(i);
            code[4 * i] = s.code().ordinal();
            code[4 * i + 1] = s.a();
            code[4 * i + 2] = s.b();
            code[4 * i + 3] = s.c();
            constants[i] = s.constant();
        }
        KernelDevice device = kernels.device();
        return new Tape(device.constants(code), device.constants(type.numbers(constants)));
    }

    /** Copies have names of their own in a profile; those that change the order of elements stand out. */
    private String name(int axes, NDArray... arrays) {
        boolean isCopy = arrays.length == 2
                && program.inputCount() == 1
                && program.instructions().size() == 1
                && arrays[0].dtype() == arrays[1].dtype();
        return !isCopy ? "pointwise" : axes == 1 ? "copy" : "reorder";
    }

    private boolean runBuilt(ComputeType type, Grid grid, NDArray[] arrays, double... scalars) {
        int axes = grid.dims.length;
        long[] p = new long[1 + axes + arrays.length * (1 + axes)];
        if ((long) Long.BYTES * (p.length + arrays.length + program.scalarCount() + 1)
                > kernels.device().parameterBytes()) {
            return false;
        }
        p[0] = grid.size;
        System.arraycopy(grid.dims, 0, p, 1, axes);
        for (int k = 0; k < arrays.length; k++) {
            int at = 1 + axes + k * (1 + axes);
            p[at] = grid.starts[k];
            System.arraycopy(grid.strides[k], 0, p, at + 1, axes);
        }
        Object[] arguments = new Object[arrays.length + 2];
        System.arraycopy(arrays, 0, arguments, 0, arrays.length);
        arguments[arrays.length] = p;
        arguments[arrays.length + 1] = numbers(type, program.scalarCount() + 1, scalars);
        String name = name(axes, arrays);
        StringBuilder key = new StringBuilder(type.name()).append(axes);
        for (NDArray x : arrays) {
            key.append(' ').append(x.dtype().ordinal());
        }
        DeviceKernel kernel = built.computeIfAbsent(key.toString(), k -> kernels.programs()
                .ofSource(
                        new PointwiseSource(name, program, type, axes, arrays)
                                .text(kernels.programs().resource("pointwise.h")),
                        type.macros(),
                        name));
        kernel.run(kernels.items(grid.size), new long[] {GROUP}, arguments);
        return true;
    }
}
