package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_data_type_undef;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_sum;

import java.util.List;
import org.bytedeco.dnnl.dnnl_post_ops;

/**
 * What a primitive does to each element of its result before it stores it, in this order.
 *
 * @param steps the steps, none for a plain primitive
 */
public record PostOps(List<Step> steps) {

    /** No steps. */
    public static final PostOps NONE = new PostOps(List.of());

    /** Adds the result to what the destination holds: {@code dst = dst + result}. */
    public static final PostOps ACCUMULATE = new PostOps(List.of(new Step(null, 1f, 0f)));

    /** Copies the list. */
    public PostOps {
        steps = List.copyOf(steps);
    }

    /**
     * One step: an activation function, or the sum with the destination.
     *
     * @param function the function; null for {@code dst = alpha * dst + result}
     * @param alpha the function's first parameter
     * @param beta the function's second parameter
     */
    public record Step(Activation function, float alpha, float beta) {}

    /**
     * An activation after the primitive.
     *
     * @param function which
     * @param alpha its first parameter
     * @param beta its second parameter
     * @return the one-step list
     */
    public static PostOps of(Activation function, float alpha, float beta) {
        return new PostOps(List.of(new Step(function, alpha, beta)));
    }

    /**
     * An activation of the sum of the result and what the destination holds: {@code dst = function(dst + result)}.
     *
     * @param function which
     * @return the list of both steps
     */
    public static PostOps accumulateThen(Activation function) {
        return new PostOps(List.of(new Step(null, 1f, 0f), new Step(function, 0f, 0f)));
    }

    /** Whether a step adds to what the destination holds. */
    boolean readsDestination() {
        for (Step step : steps) {
            if (step.function == null) {
                return true;
            }
        }
        return false;
    }

    void addTo(CallKey key) {
        key.add(steps.size());
        for (Step step : steps) {
            key.add(step.function == null ? -1 : step.function.ordinal())
                    .add(step.alpha)
                    .add(step.beta);
        }
    }

    void appendTo(dnnl_post_ops list) {
        for (Step step : steps) {
            if (step.function == null) {
                OneDnnException.check(
                        "post-op sum", dnnl_post_ops_append_sum(list, step.alpha, 0, dnnl_data_type_undef));
            } else {
                OneDnnException.check(
                        "post-op " + step.function,
                        dnnl_post_ops_append_eltwise(list, step.function.code(), step.alpha, step.beta));
            }
        }
    }
}
