package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_mul;
import static org.bytedeco.dnnl.global.dnnl.dnnl_data_type_undef;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_binary;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_sum;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;

/**
 * The operations that a primitive applies to each element of its result before storing it, in order.
 *
 * @param steps the steps, none for a plain primitive
 */
public record PostOps(List<PostOp> steps) {

    /** No steps. */
    public static final PostOps NONE = new PostOps(List.of());

    /** Adds the result to the destination's content: {@code dst = dst + result}. */
    public static final PostOps ACCUMULATE = new PostOps(List.of(new PostOp(Kind.SUM, null, 1f, 0f)));

    /** Copies the list. */
    public PostOps {
        steps = List.copyOf(steps);
    }

    /** Kinds of operations. */
    public enum Kind {
        /** Applies a function. */
        FUNCTION,
        /** Adds the destination's content. */
        SUM,
        /** Multiplies by a further operand. */
        MULTIPLY,
        /** Adds a further operand. */
        ADD
    }

    /**
     * One step.
     *
     * @param kind what it does
     * @param function the function of a {@link Kind#FUNCTION}; null for others
     * @param alpha the function's first parameter; the factor of the destination's content
     * @param beta the function's second parameter
     */
    public record PostOp(Kind kind, Activation function, float alpha, float beta) {}

    /**
     * An activation after the primitive.
     *
     * @param function the activation
     * @param alpha its first parameter
     * @param beta its second parameter
     * @return the one-step list
     */
    public static PostOps of(Activation function, float alpha, float beta) {
        return NONE.then(function, alpha, beta);
    }

    /**
     * An activation of the sum of the result and the destination's content: {@code dst = function(dst + result)}.
     *
     * @param function the activation
     * @return the list of both steps
     */
    public static PostOps accumulateThen(Activation function) {
        return ACCUMULATE.then(function, 0f, 0f);
    }

    /**
     * These steps, then a function.
     *
     * @param function the activation
     * @param alpha its first parameter
     * @param beta its second parameter
     * @return the longer list
     */
    public PostOps then(Activation function, float alpha, float beta) {
        return then(new PostOp(Kind.FUNCTION, function, alpha, beta));
    }

    /**
     * These steps, then one without parameters.
     *
     * @param kind a sum with the destination's content, or one that has a further operand
     * @return the longer list
     */
    public PostOps then(Kind kind) {
        return then(new PostOp(kind, null, 1f, 0f));
    }

    private PostOps then(PostOp op) {
        List<PostOp> all = new ArrayList<>(steps);
        all.add(op);
        return new PostOps(all);
    }

    /** Whether a step adds to the destination's content. */
    boolean readsDestination() {
        return steps.stream().anyMatch(o -> o.kind == Kind.SUM);
    }

    void addTo(CallKey key) {
        key.add(steps.size());
        for (PostOp op : steps) {
            key.add(op.kind.ordinal())
                    .add(op.function == null ? -1 : op.function.ordinal())
                    .add(op.alpha)
                    .add(op.beta);
        }
    }

    /** Appends the steps; those with a further operand take the next of these layouts, which broadcast to the result. */
    void appendTo(dnnl_post_ops list, dnnl_memory_desc... operands) {
        int operand = 0;
        for (PostOp op : steps) {
            int status =
                    switch (op.kind) {
                        case FUNCTION -> dnnl_post_ops_append_eltwise(list, op.function.code(), op.alpha, op.beta);
                        case SUM -> dnnl_post_ops_append_sum(list, op.alpha, 0, dnnl_data_type_undef);
                        case MULTIPLY -> dnnl_post_ops_append_binary(list, dnnl_binary_mul, operands[operand++]);
                        case ADD -> dnnl_post_ops_append_binary(list, dnnl_binary_add, operands[operand++]);
                    };
            OneDnnException.check("post-op " + op, status);
        }
    }

    /** The arguments with which the primitive receives the further operands, in order. */
    int[] arguments() {
        return IntStream.range(0, steps.size())
                .filter(i -> steps.get(i).kind == Kind.MULTIPLY || steps.get(i).kind == Kind.ADD)
                .map(i -> DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (i + 1) | DNNL_ARG_SRC_1)
                .toArray();
    }
}
