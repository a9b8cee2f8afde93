package io.kiln.opencl;

import static org.jocl.CL.CL_MEM_COPY_HOST_PTR;
import static org.jocl.CL.CL_MEM_READ_ONLY;
import static org.jocl.CL.clCreateBuffer;
import static org.jocl.CL.clReleaseMemObject;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.PointwiseProgram;
import io.kiln.pointwise.PointwiseProgram.Instruction;
import java.lang.ref.Cleaner;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/**
 * One pointwise program on one device. A driver takes between 50 and 500 ms to build a kernel, and many programs run once or twice on
 * little: a program is therefore interpreted by one kernel for all until it has run over so many elements that a kernel of its own pays.
 *
 * <p>Concurrency: thread-safe.
 */
final class OpenClPointwise {
    /** Elements that a program runs over before it gets a kernel of its own; 0 for at once. */
    static final String PROPERTY = "kiln.opencl.interpretedElements";

    private static final Cleaner CLEANER = Cleaner.create();
    private static final long WORTH_BUILDING = Long.getLong(PROPERTY, 1L << 22);
    private static final int GROUP = 64;

    // As in interpreter.cl.
    private static final int MOST_INPUTS = 8;
    private static final int MOST_OUTPUTS = 4;
    private static final int MOST_AXES = 6;
    private static final int MOST_REGISTERS = 64;

    private final OpenClBackend backend;
    private final PointwiseProgram program;
    private final boolean wholeNumbers;
    private final boolean interpretable;
    private final long worth;
    private final AtomicLong elements = new AtomicLong();
    private final Map<ComputeType, Tape> tapes = new ConcurrentHashMap<>();
    private final Map<String, KernelHandle> kernels = new ConcurrentHashMap<>();

    /** The instructions in buffers of the device. */
    private record Tape(cl_mem code, cl_mem constants) {}

    OpenClPointwise(OpenClBackend backend, PointwiseProgram program) {
        this(backend, program, WORTH_BUILDING);
    }

    /**
     * Prepares a program.
     *
     * @param worth elements that it runs over before it gets a kernel of its own
     */
    OpenClPointwise(OpenClBackend backend, PointwiseProgram program, long worth) {
        this.worth = worth;
        this.backend = backend;
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
        if (interpretable && grid.dims.length <= MOST_AXES && seen <= worth) {
            interpret(type, grid, arrays, scalars);
            return true;
        }
        return runBuilt(type, grid, arrays, scalars);
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
        boolean doubles = backend.openClDevice().hasDoubles();
        if (!type.isOn(backend.openClDevice())) {
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
        double[] values = new double[MOST_INPUTS];
        System.arraycopy(scalars, 0, values, 0, program.scalarCount());
        arguments[2 + slots] = p;
        arguments[3 + slots] = type.numbers(values);
        backend.interpreter(type).run(backend, backend.items(grid.size), new long[] {GROUP}, arguments);
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
        Object numbers = type.numbers(constants);
        Pointer values = numbers instanceof float[] f
                ? Pointer.to(f)
                : numbers instanceof long[] l ? Pointer.to(l) : Pointer.to((double[]) numbers);
        cl_mem first = constant(Pointer.to(code), (long) Integer.BYTES * code.length);
        cl_mem second = constant(values, (long) type.dtype().bytes() * constants.length);
        Tape tape = new Tape(first, second);
        CLEANER.register(tape, () -> {
            clReleaseMemObject(first);
            clReleaseMemObject(second);
        });
        return tape;
    }

    private cl_mem constant(Pointer content, long bytes) {
        int[] status = new int[1];
        cl_mem buffer = clCreateBuffer(
                backend.openClDevice().context(), CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, content, status);
        Status.check(status[0], "clCreateBuffer of a program");
        return buffer;
    }

    private boolean runBuilt(ComputeType type, Grid grid, NDArray[] arrays, double... scalars) {
        int axes = grid.dims.length;
        long[] p = new long[1 + axes + arrays.length * (1 + axes)];
        if ((long) Long.BYTES * (p.length + arrays.length + program.scalarCount() + 1)
                > backend.openClDevice().parameterBytes()) {
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
        double[] values = new double[program.scalarCount() + 1];
        System.arraycopy(scalars, 0, values, 0, program.scalarCount());
        arguments[arrays.length + 1] = type.numbers(values);
        StringBuilder key = new StringBuilder(type.name()).append(axes);
        for (NDArray x : arrays) {
            key.append(' ').append(x.dtype().ordinal());
        }
        KernelHandle kernel = kernels.computeIfAbsent(key.toString(), k -> backend.programs()
                .ofSource(
                        new PointwiseSource(program, type, axes, arrays)
                                .text(backend.programs().resource("pointwise.h")),
                        type.macros(),
                        "pointwise"));
        kernel.run(backend, backend.items(grid.size), new long[] {GROUP}, arguments);
        return true;
    }
}
