package io.kiln.op;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import java.lang.ref.Reference;

/**
 * Runs operators. The same call is eager when the inputs hold data, is written to the tape as well while autograd records,
 * and becomes a node of a graph when an input is traced.
 */
public final class Dispatch {
    private static final Context.Local<Tracer> TRACER = Context.local(Context.Part.TRACER, Tracer.class);

    private Dispatch() {}

    /**
     * Runs an operator of one output.
     *
     * @param operator the operator
     * @param inputs its inputs
     * @return its first output
     */
    public static NDArray one(Operator operator, NDArray... inputs) {
        return run(operator, inputs)[0];
    }

    /**
     * Runs an operator.
     *
     * @param operator the operator
     * @param given its inputs, which {@link Autocast} may cast
     * @return its outputs
     */
    public static NDArray[] run(Operator operator, NDArray... given) {
        for (int i = 0; i < given.length; i++) {
            if (given[i] == null) {
                throw new IllegalArgumentException(
                        operator.name() + ": input " + i + " of " + given.length + " is null; give an array");
            }
        }
        NDArray[] inputs = Autocast.inputs(operator, given);
        Tracer tracer = tracer(operator, inputs);
        if (tracer != null) {
            return tracer.apply(operator, inputs);
        }
        if (operator instanceof Unrolled u && Autograd.isRecording()) {
            return u.unrolled(inputs);
        }
        NDArray[] outputs = observed(operator, inputs);
        Autograd.record(operator, inputs, outputs);
        Reference.reachabilityFence(inputs);
        return outputs;
    }

    /**
     * Runs an operator of one output on data, without recording it.
     *
     * @param operator the operator
     * @param inputs its inputs
     * @return its first output
     */
    public static NDArray withoutGradient(Operator operator, NDArray... inputs) {
        NDArray output = observed(operator, inputs)[0];
        Reference.reachabilityFence(inputs);
        return output;
    }

    /**
     * Runs an operator on data through its composition, without recording it.
     *
     * @param operator the operator
     * @param inputs its inputs
     * @return its outputs
     */
    public static NDArray[] composition(Operator operator, NDArray... inputs) {
        return composition(operator, backend(operator, inputs), inputs);
    }

    /**
     * Runs an operator on data of a device through its composition, without recording it.
     *
     * @param operator the operator
     * @param backend the device's backend, on which arrays come that follow from no input
     * @param inputs its inputs
     * @return its outputs
     */
    public static NDArray[] composition(Operator operator, Backend backend, NDArray... inputs) {
        if (inputs.length > 0) {
            return composed(operator, inputs, backend);
        }
        try (Context.Switch there = Context.switchTo(backend)) {
            return composed(operator, inputs, backend);
        }
    }

    private static Tracer tracer(Operator operator, NDArray[] inputs) {
        for (NDArray x : inputs) {
            if (x.traced() instanceof Tracer.Value value) {
                return value.tracer();
            }
        }
        return operator instanceof Stochastic s && s.draws() ? TRACER.get() : null;
    }

    private static NDArray[] observed(Operator operator, NDArray[] inputs) {
        Probe probe = Probe.ofThread();
        return probe == null ? eager(operator, inputs) : probe.run(operator, inputs, () -> eager(operator, inputs));
    }

    private static NDArray[] eager(Operator operator, NDArray[] inputs) {
        Spec[] specs = new Spec[inputs.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = inputs[i].spec();
        }
        Spec[] results = operator.infer(specs);
        if (operator instanceof ViewOperator v) {
            return new NDArray[] {v.view(inputs[0], results[0])};
        }
        Backend backend = backend(operator, inputs);
        NDArray[] outputs = backend.execute(operator, inputs, results);
        return outputs != null ? outputs : composed(operator, inputs, backend);
    }

    private static Backend backend(Operator operator, NDArray[] inputs) {
        if (inputs.length == 0) {
            return Backends.current();
        }
        Backend backend = inputs[0].backend();
        for (int i = 1; i < inputs.length; i++) {
            Backend other = inputs[i].backend();
            if (other != backend) {
                throw new IllegalArgumentException(operator.name() + ": input 0 lives on " + backend.device()
                        + ", input " + i + " on " + other.device() + "; move one of them with to(device)");
            }
        }
        return backend;
    }

    private static NDArray[] composed(Operator operator, NDArray[] inputs, Backend backend) {
        try (Autograd.Mode pause = Autograd.pauseKeepingMode();
                Autocast.Mode plain = Autocast.pause();
                Scope scope = Scope.open()) {
            NDArray[] outputs = operator.compose(inputs);
            if (outputs == null) {
                throw new UnsupportedOperationException(operator.name() + ": device " + backend.device()
                        + " has no kernel for " + operator
                        + " and it is not composed of other operators; run it on another"
                        + " device or add a kernel to the backend");
            }
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] = scope.keep(distinct(outputs[i], inputs));
            }
            return outputs;
        }
    }

    /** An input that is an output as well needs a second array: each has a place of its own on the tape. */
    private static NDArray distinct(NDArray output, NDArray... inputs) {
        for (NDArray x : inputs) {
            if (x == output) {
                return one(new Alias(), output);
            }
        }
        return output;
    }
}
