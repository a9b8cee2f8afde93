package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Placement;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;

/**
 * The memory of one call, with arrays made in advance for all values in it. It is used by one call at a time and then by the
 * next one.
 */
final class Arena {
    final Placement placement = new Placement();
    /** The array of each slot. Those of inputs, parameters and results change from call to call. */
    final NDArray[] values;
    /** For each step the arrays that it reads and writes. */
    final NDArray[][] inputs;

    final NDArray[][] outputs;
    /** For each step, once it has run, the pointwise program or the kernel made ready; null where there is none. */
    final Backend.Prepared[] programs;

    final Target.RecordedCall[] kernels;
    /** How often it was tried to make a kernel ready. */
    final int[] tries;
    /** Of views of parameters: the array that they look at. */
    final NDArray[] seen;

    private final NDArray block;

    Arena(Backend backend, LoweredProgram lowered, MemoryPlan plan, Instruction... steps) {
        Slot[] slots = lowered.slots();
        try (Scope scope = Scope.open()) {
            block = NDArray.empty(backend, Shape.of(Math.max(1, plan.bytes())), DType.UINT8, new long[] {1})
                    .detach();
        }
        values = new NDArray[slots.length];
        seen = new NDArray[slots.length];
        for (int i = 0; i < slots.length; i++) {
            Slot s = slots[i];
            if (s.kind() == Slot.Kind.CONSTANT) {
                values[i] = lowered.constants().get(s.number());
            } else if (slots[s.root()].kind() == Slot.Kind.ARENA) {
                long start = plan.offsets()[s.root()] + s.start();
                values[i] = placement.array(block.storage(), start, s.spec(), s.strides());
            }
        }
        inputs = new NDArray[steps.length][];
        outputs = new NDArray[steps.length][];
        programs = new Backend.Prepared[steps.length];
        kernels = new Target.RecordedCall[steps.length];
        tries = new int[steps.length];
        for (int i = 0; i < steps.length; i++) {
            inputs[i] = new NDArray[steps[i].inputs().length];
            outputs[i] = new NDArray[steps[i].outputs().length];
        }
    }

    /** A view of a parameter keeps the parameter's memory. */
    void closeView(int slot) {
        if (seen[slot] != null) {
            values[slot].close();
            seen[slot] = null;
        }
    }

    void free() {
        for (int i = 0; i < seen.length; i++) {
            closeView(i);
        }
        block.close();
    }
}
