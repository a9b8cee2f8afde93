package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;

import io.kiln.ndarray.internal.Memory;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_primitive;

/**
 * A cached call: primitives to execute in order, with their memory objects. The addresses of the caller's tensors are
 * set before each execution ({@link #slot}); temporaries are in the context's scratch buffer.
 *
 * <p>Concurrency: belongs to the thread of its context.
 */
final class Plan {

    /** Marks a call that oneDNN does not implement, so that the search is not repeated. */
    static final Plan UNSUPPORTED = new Plan(1, new Step[0], new Argument[0], 0, 0);

    /**
     * A memory object and where its data is.
     *
     * @param memory the object
     * @param slot number of the caller's tensor, or -1 for scratch memory
     * @param offset byte offset in the scratch buffer
     */
    record Argument(dnnl_memory memory, int slot, long offset) {}

    /**
     * A primitive and its arguments.
     *
     * @param primitive the primitive
     * @param arguments native array of {@code dnnl_exec_arg_t}
     * @param block its address, to be freed
     * @param count number of arguments
     */
    record Step(dnnl_primitive primitive, dnnl_exec_arg_t arguments, long block, int count) {}

    private final int threads;
    private final Step[] steps;
    private final Argument[] arguments;
    private final long[] current;
    private final long[] slots = new long[10];
    private final long scratchBytes;
    private final long packedBytes;
    private final Address address = new Address();
    private int watchedSlot = -1;
    private long watchedCount;
    private boolean closed;

    /** For primitives that were created for this number of threads, and must not run with another. */
    Plan(int threads, Step[] steps, Argument[] arguments, long scratchBytes, long packedBytes) {
        this.threads = threads;
        this.steps = steps;
        this.arguments = arguments;
        this.current = new long[arguments.length];
        this.scratchBytes = scratchBytes;
        this.packedBytes = packedBytes;
    }

    /**
     * Searches for the lowest float32 in the caller's memory number {@code slot} after each execution: maxima start
     * with it, and leave it where there is nothing but -∞. Finding it counts as an invalid operation.
     */
    Plan watchingForLowest(int slot, long count) {
        watchedSlot = slot;
        watchedCount = count;
        return this;
    }

    /** Size of the caller's memory whose layout oneDNN chose; 0 if there is none. */
    long packedBytes() {
        return packedBytes;
    }

    /** Sets the address of the caller's tensor number {@code slot}; null stands for an absent optional tensor. */
    Plan slot(int slot, Tensor tensor) {
        if (tensor != null) {
            slots[slot] = tensor.address();
        }
        return this;
    }

    /** Sets the address of the caller's memory number {@code slot}. */
    Plan slot(int slot, long where) {
        slots[slot] = where;
        return this;
    }

    /** Runs the primitives; false if oneDNN does not implement the call. */
    boolean execute(CpuContext context) {
        if (this == UNSUPPORTED) {
            return false;
        }
        if (context.log() != null) {
            context.log().add(this, slots);
        }
        context.use(threads);
        long scratch = scratchBytes == 0 ? 0 : context.scratch(scratchBytes);
        for (int i = 0; i < arguments.length; i++) {
            Argument argument = arguments[i];
            long where = argument.slot >= 0 ? slots[argument.slot] : scratch + argument.offset;
            if (where != current[i]) {
                OneDnnException.check("set address", dnnl_memory_set_data_handle(argument.memory, address.at(where)));
                current[i] = where;
            }
        }
        for (Step step : steps) {
            int status = dnnl_primitive_execute(step.primitive, context.stream(), step.count, step.arguments);
            OneDnnException.check("execute", status);
        }
        if (watchedSlot >= 0 && context.holdsLowest(slots[watchedSlot], watchedCount)) {
            context.noteInvalid();
        }
        return true;
    }

    /** Whether it accesses the caller's memory number {@code slot}. */
    boolean uses(int slot) {
        for (Argument argument : arguments) {
            if (argument.slot == slot) {
                return true;
            }
        }
        return false;
    }

    boolean isClosed() {
        return closed;
    }

    void close() {
        closed = true;
        for (Step step : steps) {
            dnnl_primitive_destroy(step.primitive);
            Memory.free(step.block);
        }
        for (Argument argument : arguments) {
            dnnl_memory_destroy(argument.memory);
        }
    }
}
