package io.kiln.cpu.kernel;

import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.Pooling;
import io.kiln.cpu.onednn.Window;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.AvgPoolGradient;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.MaxPoolGradient;
import java.util.List;

/** Pooling by oneDNN. Results are channels-last. */
final class OneDnnPooling {

    private OneDnnPooling() {}

    /** oneDNN loses NaN, and for float32 windows of nothing but -∞, where it gives the lowest number. */
    static NDArray[] max(Operator operator, NDArray[] inputs, Spec[] outputs) {
        MaxPool pool = (MaxPool) operator;
        if (declines(inputs)) {
            return null;
        }
        Window window = window(
                inputs[0].shape(), outputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        NDArray places = Operands.channelsLast(inputs[0], outputs[1]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.forward(
                    Pooling.Kind.MAX,
                    Operands.array(pool.kernel()),
                    window,
                    Operands.read(inputs[0]),
                    Operands.of(result),
                    Operands.of(places));
            if (!computed || CpuContext.tookInvalid() && Specials.in(inputs[0])) {
                result.close();
                places.close();
                return null;
            }
            return new NDArray[] {result, places};
        }
    }

    static NDArray[] maxGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        MaxPoolGradient pool = (MaxPoolGradient) operator;
        if (declines(inputs)) {
            return null;
        }
        Window window = window(
                outputs[0].shape(), inputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.backward(
                    Pooling.Kind.MAX,
                    Operands.array(pool.kernel()),
                    window,
                    Operands.read(inputs[0]),
                    Operands.read(inputs[1]),
                    Operands.of(result));
            return computed ? new NDArray[] {result} : null;
        }
    }

    static NDArray[] average(Operator operator, NDArray[] inputs, Spec[] outputs) {
        AvgPool pool = (AvgPool) operator;
        if (declines(inputs) || pool.divisor() > 0) {
            return null;
        }
        Window window = window(
                inputs[0].shape(), outputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        if (pool.countPad() && window.padAfter() != window.padBefore()) {
            return null; // oneDNN would count what lies beyond the border
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.forward(
                    kind(pool.countPad()),
                    Operands.array(pool.kernel()),
                    window,
                    Operands.read(inputs[0]),
                    Operands.of(result),
                    null);
            return computed ? new NDArray[] {result} : null;
        }
    }

    static NDArray[] averageGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        AvgPoolGradient pool = (AvgPoolGradient) operator;
        if (declines(inputs) || pool.divisor() > 0) {
            return null;
        }
        Window window = window(
                outputs[0].shape(), inputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        if (pool.countPad() && window.padAfter() != window.padBefore()) {
            return null; // oneDNN would count what lies beyond the border
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.backward(
                    kind(pool.countPad()),
                    Operands.array(pool.kernel()),
                    window,
                    Operands.read(inputs[0]),
                    null,
                    Operands.of(result));
            return computed ? new NDArray[] {result} : null;
        }
    }

    private static Pooling.Kind kind(boolean countPad) {
        return countPad ? Pooling.Kind.AVERAGE_INCLUDE_PADDING : Pooling.Kind.AVERAGE_EXCLUDE_PADDING;
    }

    private static boolean declines(NDArray[] inputs) {
        return !Operands.served(inputs[0].dtype()) || Operands.isEmpty(inputs[0]);
    }

    /** In ceil mode the last window may reach beyond the border; then the one behind is wider than the one in front. */
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
