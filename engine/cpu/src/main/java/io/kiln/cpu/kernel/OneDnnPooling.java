package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.Pooling;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.cpu.onednn.Window;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.MaxPool;
import java.util.List;

/** Pooling by oneDNN. Results are channels-last. */
final class OneDnnPooling {

    private OneDnnPooling() {}

    /** oneDNN loses NaN, and in float32 gives the lowest number for windows of nothing but -∞. */
    static KernelPlan max(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        MaxPool pool = (MaxPool) operator;
        if (declines(inputs[0])) {
            return null;
        }
        Window window = window(
                inputs[0].shape(), outputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        long[] kernel = Operands.array(pool.kernel());
        return fallback.calls(operator, Operands.channelsLast(outputs), (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                boolean computed = Pooling.forward(
                        Pooling.Kind.MAX,
                        kernel,
                        window,
                        Operands.read(in[0]),
                        Operands.of(out[0]),
                        Operands.of(out[1]));
                return computed && !(CpuContext.tookInvalid() && Specials.in(in[0]));
            }
        });
    }

    static KernelPlan maxGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        MaxPoolGradient pool = (MaxPoolGradient) operator;
        if (declines(inputs[0])) {
            return null;
        }
        Window window = window(
                outputs[0].shape(), inputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        return backward(operator, Pooling.Kind.MAX, pool.kernel(), window, outputs, fallback);
    }

    private static KernelPlan backward(
            Operator operator, Pooling.Kind kind, List<Long> kernel, Window window, Spec[] outputs, Fallback fallback) {
        long[] sizes = Operands.array(kernel);
        return fallback.calls(operator, Operands.channelsLast(outputs), (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                Tensor places = kind == Pooling.Kind.MAX ? Operands.read(in[1]) : null;
                return Pooling.backward(kind, sizes, window, Operands.read(in[0]), places, Operands.of(out[0]));
            }
        });
    }

    static KernelPlan average(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        AvgPool pool = (AvgPool) operator;
        if (declines(inputs[0]) || pool.divisor() > 0) {
            return null;
        }
        Window window = window(
                inputs[0].shape(), outputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        if (pool.countPad() && window.padAfter() != window.padBefore()) {
            return null; // oneDNN would count elements beyond the border
        }
        long[] kernel = Operands.array(pool.kernel());
        return fallback.calls(operator, Operands.channelsLast(outputs), (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                return Pooling.forward(
                        kind(pool.countPad()), kernel, window, Operands.read(in[0]), Operands.of(out[0]), null);
            }
        });
    }

    static KernelPlan averageGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        AvgPoolGradient pool = (AvgPoolGradient) operator;
        if (declines(inputs[0]) || pool.divisor() > 0) {
            return null;
        }
        Window window = window(
                outputs[0].shape(), inputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        if (pool.countPad() && window.padAfter() != window.padBefore()) {
            return null; // oneDNN would count elements beyond the border
        }
        return backward(operator, kind(pool.countPad()), pool.kernel(), window, outputs, fallback);
    }

    private static Pooling.Kind kind(boolean countPad) {
        return countPad ? Pooling.Kind.AVERAGE_INCLUDE_PADDING : Pooling.Kind.AVERAGE_EXCLUDE_PADDING;
    }

    private static boolean declines(Layout x) {
        return !Operands.served(x.dtype()) || Operands.isEmpty(x);
    }

    /**
     * In ceil mode the last window may reach beyond the border; then the padding after is wider than the padding
     * before.
     */
    private static Window window(
            Shape x, Shape y, List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> dilation) {
        long[] before = Operands.array(pad);
        long[] after = before;
        for (int i = 0; i < before.length; i++) {
            long span = dilation.get(i) * (kernel.get(i) - 1) + 1;
            long end = (y.dim(i + 2) - 1) * stride.get(i) + span - before[i] - x.dim(i + 2);
            if (end > before[i]) {
                after = after == before ? before.clone() : after;
                after[i] = end;
            }
        }
        return new Window(Operands.array(stride), Operands.array(dilation), before, after);
    }
}
