package io.kiln.op;

import io.kiln.backend.Context;
import io.kiln.ndarray.NDArray;
import java.util.function.Supplier;

/**
 * Where the dispatcher and autograd report the operators of a thread. Users work with {@code Observation}.
 *
 * <p>Concurrency: belongs to the thread whose operators it sees.
 */
public abstract class Probe {
    private static final Context.Local<Probe> CURRENT = Context.local(Context.Part.OBSERVATION, Probe.class);

    /** Creates a probe that sees nothing yet. */
    protected Probe() {}

    /**
     * The probe of this thread.
     *
     * @return null if nothing is reported: no probe is set, or it is reporting right now
     */
    public static Probe ofThread() {
        Probe p = CURRENT.get();
        return p == null || p.isReporting() ? null : p;
    }

    /**
     * Whether observers are being called; operators that they run are not reported.
     *
     * @return true during a report
     */
    protected abstract boolean isReporting();

    /**
     * Runs an operator and reports it.
     *
     * @param operator the operator
     * @param inputs its inputs
     * @param body runs it
     * @return the operator's outputs
     */
    public abstract NDArray[] run(Operator operator, NDArray[] inputs, Supplier<NDArray[]> body);

    /**
     * Attributes the operators that the body runs to the backward pass of a recorded call.
     *
     * @param place the {@linkplain #place place} of the recorded call; null if it was not observed
     * @param body differentiates the call
     */
    public abstract void backward(String place, Runnable body);

    /**
     * The place in the network that this thread has reached.
     *
     * @param operator the name of an operator that is called there
     * @return the node's name, or the block's place and the operator's name
     */
    public abstract String place(String operator);
}
