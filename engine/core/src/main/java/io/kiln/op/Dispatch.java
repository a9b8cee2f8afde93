package io.kiln.op;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.internal.Keeping;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.lang.ref.Reference;
import java.util.Arrays;

/**
 * Runs operators. The same call is eager if the inputs hold data, is also written to the tape while autograd records,
 * and becomes a node of a graph if an input is traced.
 */
public final class Dispatch {
    private static final Context.Local<Tracer> TRACER = Context.local(Context.Part.TRACER, Tracer.class);
    private static final PointwiseProgram COPY = PointwiseProgram.of(Expr.input(0));

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
        if (operator instanceof Unrollable u && Autograd.isRecording()) {
            return u.unrolled(inputs);
        }
        if (!Autograd.records(inputs)) {
            NDArray[] outputs = observed(operator, inputs);
            Reference.reachabilityFence(inputs);
            return outputs;
        }
        Operator recorded = keeping(operator, inputs);
        NDArray[] outputs = observed(recorded, inputs);
        Autograd.record(recorded, inputs, outputs);
        Reference.reachabilityFence(inputs);
        return recorded == operator ? outputs : Arrays.copyOf(outputs, operator.infer(specs(inputs)).length);
    }

    private static Operator keeping(Operator operator, NDArray[] inputs) {
        return operator instanceof ViewOperator ? operator : Keeping.of(inputs[0].backend(), operator, specs(inputs));
    }

    private static Spec[] specs(NDArray[] arrays) {
        Spec[] specs = new Spec[arrays.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = arrays[i].spec();
        }
        return specs;
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
        Spec[] results = operator.infer(specs(inputs));
        if (operator instanceof ViewOperator v) {
            return new NDArray[] {v.view(inputs[0], results[0])};
        }
        Backend backend = backend(operator, inputs);
        KernelPlan plan = backend.plan(operator, Layout.of(inputs), results);
        return plan != null ? planned(plan, inputs, results, backend) : composed(operator, inputs, backend);
    }

    private static NDArray[] planned(KernelPlan plan, NDArray[] inputs, Spec[] results, Backend backend) {
        NDArray[] outputs = new NDArray[results.length];
        for (int k = 0; k < outputs.length; k++) {
            outputs[k] = NDArray.empty(backend, plan.layout(k, results[k]));
        }
        plan.run(backend, inputs, outputs);
        return outputs;
    }

    /**
     * Runs an operator on data into existing arrays, without recording it.
     *
     * @param operator the operator, not a view
     * @param inputs its inputs
     * @param outputs arrays for its outputs, of any strides; they share no memory with the inputs
     */
    public static void into(Operator operator, NDArray[] inputs, NDArray... outputs) {
        into(outputs[0].backend().plan(operator, Layout.of(inputs), specs(outputs)), operator, inputs, outputs);
    }

    /**
     * Runs an operator on data into existing arrays, by a plan of the backend for inputs of these layouts.
     *
     * @param plan the plan; null to compose the operator of others
     * @param operator the operator, not a view
     * @param inputs its inputs
     * @param outputs arrays for its outputs, of any strides; they share no memory with the inputs
     */
    public static void into(KernelPlan plan, Operator operator, NDArray[] inputs, NDArray... outputs) {
        Backend backend = outputs[0].backend();
        if (plan != null && plan.fits(outputs)) {
            plan.run(backend, inputs, outputs);
            return;
        }
        try (Scope temporaries = Scope.open()) {
            NDArray[] made = plan != null
                    ? planned(plan, inputs, specs(outputs), backend)
                    : composition(operator, backend, inputs);
            for (int k = 0; k < outputs.length; k++) {
                InPlace.run(COPY, new NDArray[] {made[k]}, new NDArray[] {outputs[k]});
            }
        }
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

    /** An output that is also an input needs a second array: each has its own place on the tape. */
    private static NDArray distinct(NDArray output, NDArray... inputs) {
        for (NDArray x : inputs) {
            if (x == output) {
                return one(new Alias(), output);
            }
        }
        return output;
    }
}
