package io.kiln.cpu;

import io.kiln.cpu.onednn.CallLog;
import io.kiln.op.Operator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Which kernels run which operators. Groups of kernels contribute to it one after the other; of the kernels of one operator
 * the one added last is asked first, so a fast kernel stands in front of a general one and declines what it cannot do.
 *
 * <p>Immutable once made.
 */
public final class KernelTable {
    private static final Kernel[] NONE = {};

    private final Map<Class<?>, Kernel[]> kernels = new HashMap<>();

    /**
     * Makes a table.
     *
     * @param groups the contributors, the most general first
     */
    public KernelTable(List<Consumer<KernelTable>> groups) {
        for (Consumer<KernelTable> group : groups) {
            group.accept(this);
        }
    }

    /**
     * Adds a kernel in front of those of the same operator; for groups only, while the table is made.
     *
     * @param operator the operator's class
     * @param kernel its kernel
     */
    public void add(Class<? extends Operator> operator, Kernel kernel) {
        Kernel[] behind = kernels.getOrDefault(operator, NONE);
        Kernel[] all = new Kernel[behind.length + 1];
        all[0] = kernel;
        System.arraycopy(behind, 0, all, 1, behind.length);
        kernels.put(operator, all);
    }

    /**
     * Adds a kernel that does nothing but oneDNN calls on its inputs and outputs, or declines: they can be recorded and made again
     * without it.
     *
     * @param operator the operator's class
     * @param kernel its kernel
     */
    public void addCalls(Class<? extends Operator> operator, Kernel kernel) {
        add(operator, (o, inputs, outputs) -> CallLog.record(() -> kernel.run(o, inputs, outputs)));
    }

    /** The kernels of an operator in the order in which they are asked. */
    Kernel[] of(Operator operator) {
        Kernel[] found = kernels.get(operator.getClass());
        return found == null ? NONE : found;
    }
}
