package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Handover;
import io.kiln.backend.Kernel;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;

/** The memory of one call, with arrays created in advance for all values in it. It serves one call at a time. */
final class Arena {
    /** The array of each slot. Those of inputs, parameters and results change from call to call. */
    final NDArray[] values;
    /** For each step, the arrays that it reads and writes. */
    final NDArray[][] inputs;

    final NDArray[][] outputs;
    /** For each step, its kernel, which may keep what it finds out from call to call; null if there is none. */
    final Kernel[] kernels;
    /** For each step, the workspace of its kernel; null if it needs none. */
    final Span[] workspaces;
    /** For views of parameters, the viewed array. */
    final NDArray[] seen;

    private final Backend backend;
    private final NDArray block;
    private Handover lastUse;

    Arena(Backend backend, LoweredProgram lowered, MemoryPlan plan, Instruction... steps) {
        this.backend = backend;
        Slot[] slots = lowered.slots();
        try (Scope scope = Scope.open()) {
            block = NDArray.empty(backend, Shape.of(Math.max(1, plan.bytes())), DType.UINT8, new long[] {1})
                    .detach();
        }
        values = new NDArray[slots.length];
        seen = new NDArray[slots.length];
        for (int i = 0; i < slots.length; i++) {
            Slot s = slots[i];
            Slot root = slots[s.root()];
            if (s.kind() == Slot.Kind.CONSTANT) {
                values[i] = lowered.constants().get(s.number());
            } else if (root.kind() == Slot.Kind.ARENA) {
                long start = plan.offsets()[s.root()] + s.start();
                long end = plan.offsets()[s.root()] + root.bytes();
                values[i] = NDArray.planned(new Span(block.storage(), start, end - start), s.layout());
            }
        }
        inputs = new NDArray[steps.length][];
        outputs = new NDArray[steps.length][];
        kernels = new Kernel[steps.length];
        workspaces = new Span[steps.length];
        for (int i = 0; i < steps.length; i++) {
            inputs[i] = new NDArray[steps[i].inputs().length];
            outputs[i] = new NDArray[steps[i].outputs().length];
            if (steps[i].plan() != null) {
                kernels[i] = steps[i].plan().kernel().repeated();
            }
            if (plan.workspaces()[i] >= 0) {
                workspaces[i] = new Span(block.storage(), plan.workspaces()[i], steps[i].workspaceBytes());
            }
        }
    }

    /** Ends what the calling thread's queue does with it for now. */
    void leave() {
        lastUse = Handover.of(backend);
    }

    /** Whether a queue has left it. */
    boolean isOf(Queue queue) {
        return lastUse.queue() == queue;
    }

    /** Lets the calling thread's queue use what a queue has left. */
    void enter() {
        lastUse.to(Context.current().queue(backend));
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
