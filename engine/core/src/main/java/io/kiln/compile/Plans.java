package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The kernel plans of one compilation. Networks repeat their layers and passes ask again, and a plan costs more than a
 * look-up.
 *
 * <p>Concurrency: one thread.
 */
final class Plans {
    private final Backend backend;
    private final Map<Call, Optional<KernelPlan>> made = new HashMap<>();

    private record Call(Operator operator, List<Layout> inputs, List<Spec> outputs) {}

    Plans(Backend backend) {
        this.backend = backend;
    }

    Backend backend() {
        return backend;
    }

    /** The device's plan; null if it has no kernel for the call. */
    KernelPlan of(Operator operator, Layout[] inputs, Spec... outputs) {
        return made.computeIfAbsent(
                        new Call(operator, List.of(inputs), List.of(outputs)),
                        call -> Optional.ofNullable(backend.plan(operator, inputs, outputs)))
                .orElse(null);
    }
}
