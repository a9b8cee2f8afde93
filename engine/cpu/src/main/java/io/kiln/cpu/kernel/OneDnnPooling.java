package io.kiln.cpu.kernel;

import io.kiln.cpu.onednn.Pooling;
import io.kiln.cpu.onednn.Window;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.AvgPool;
import io.kiln.op.AvgPoolGradient;
import io.kiln.op.MaxPool;
import io.kiln.op.MaxPoolGradient;
import io.kiln.op.Operator;
import java.util.Arrays;
import java.util.List;

/** Pooling by oneDNN. Results are channels-last. */
final class OneDnnPooling {

    private OneDnnPooling() {}

    static NDArray[] max(Operator operator, NDArray[] inputs, Spec[] outputs) {
        MaxPool pool = (MaxPool) operator;
        if (declines(inputs)) {
            return null;
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        NDArray places = Operands.channelsLast(inputs[0], outputs[1]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.forward(
                    Pooling.Kind.MAX,
                    Operands.array(pool.kernel()),
                    window(pool.stride(), pool.pad()),
                    Operands.read(inputs[0]),
                    Operands.of(result),
                    Operands.of(places));
            return computed ? new NDArray[] {result, places} : null;
        }
    }

    static NDArray[] maxGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        MaxPoolGradient pool = (MaxPoolGradient) operator;
        if (declines(inputs)) {
            return null;
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.backward(
                    Pooling.Kind.MAX,
                    Operands.array(pool.kernel()),
                    window(pool.stride(), pool.pad()),
                    Operands.read(inputs[0]),
                    Operands.read(inputs[1]),
                    Operands.of(result));
            return computed ? new NDArray[] {result} : null;
        }
    }

    static NDArray[] average(Operator operator, NDArray[] inputs, Spec[] outputs) {
        AvgPool pool = (AvgPool) operator;
        if (declines(inputs)) {
            return null;
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.forward(
                    kind(pool.countPad()),
                    Operands.array(pool.kernel()),
                    window(pool.stride(), pool.pad()),
                    Operands.read(inputs[0]),
                    Operands.of(result),
                    null);
            return computed ? new NDArray[] {result} : null;
        }
    }

    static NDArray[] averageGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        AvgPoolGradient pool = (AvgPoolGradient) operator;
        if (declines(inputs)) {
            return null;
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            boolean computed = Pooling.backward(
                    kind(pool.countPad()),
                    Operands.array(pool.kernel()),
                    window(pool.stride(), pool.pad()),
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

    private static Window window(List<Long> stride, List<Long> pad) {
        long[] pads = Operands.array(pad);
        long[] ones = new long[pads.length];
        Arrays.fill(ones, 1);
        return new Window(Operands.array(stride), ones, pads, pads);
    }
}
