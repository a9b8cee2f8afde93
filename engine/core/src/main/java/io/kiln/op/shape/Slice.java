package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;
import io.kiln.op.internal.SliceRange;
import io.kiln.op.internal.Unslice;
import java.util.List;

/**
 * A part of an array: along axis i the indices start, start + step, … below stop, or above it for a negative step. As
 * in Python, negative bounds count from the end and bounds out of range are clamped, so Long.MAX_VALUE means to the end
 * and, backwards, Long.MIN_VALUE to the beginning. A view; a copy where a step is negative. An unknown size stays
 * unknown.
 *
 * @param start first index per axis; axes behind the last one stay whole
 * @param stop bound per axis, not included
 * @param step distance per axis, not 0
 */
public record Slice(List<Long> start, List<Long> stop, List<Long> step) implements ViewOperator {
    /** Checks the steps. */
    public Slice {
        SliceRange.check("slice", start, stop, step);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(SliceRange.shape(name(), inputs[0].shape(), start, stop, step), inputs[0].dtype())};
    }

    @Override
    public View view(Layout x, Spec output) {
        return SliceRange.view(x, output.shape(), start, step);
    }

    @Override
    public NDArray view(NDArray x, Spec output) {
        NDArray part = ViewOperator.super.view(x, output);
        return step.stream().anyMatch(s -> s < 0) ? Dispatch.withoutGradient(new Copy(), part) : part;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Unslice(c.input(0).shape(), start, stop, step), c.outputGradient(0))};
    }
}
