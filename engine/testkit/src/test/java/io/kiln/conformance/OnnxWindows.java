package io.kiln.conformance;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Creation;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.Fold;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.Neural;
import io.kiln.op.shape.Movement;
import io.kiln.op.vision.Vision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Convolutions and pools of ONNX: borders may be uneven or follow from "auto_pad". */
final class OnnxWindows {
    /** A source whose uneven borders stand in it, and the even ones that are left to the operator. */
    private record Source(NDArray x, List<Long> pad, boolean bordered) {}

    private final Map<String, OnnxCall.Adapter> adapters;

    private OnnxWindows(Map<String, OnnxCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, OnnxCall.Adapter> adapters) {
        new OnnxWindows(adapters).add();
    }

    private void one(String name, Function<OnnxCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void add() {
        one("Conv", OnnxWindows::convolution);
        one("ConvTranspose", OnnxWindows::transposed);
        one("MaxPool", OnnxWindows::maxPool);
        one("AveragePool", OnnxWindows::averagePool);
        one("GlobalAveragePool", c -> Neural.globalAvgPool(c.x())
                .reshape(c.outputs()[0].shape().dims()));
        one("GlobalMaxPool", c -> Neural.globalMaxPool(c.x())
                .reshape(c.outputs()[0].shape().dims()));
        one("Col2Im", c -> {
            List<Long> size = list(c.y());
            List<Long> kernel = list(c.inputs()[2]);
            int n = size.size();
            List<Long> pads = c.integers("pads", OnnxCall.same(0, 2 * n));
            if (!pads.subList(0, n).equals(pads.subList(n, 2 * n))) {
                throw new Refusal("uneven borders");
            }
            return Vision.fold(new Fold(size, kernel, strides(c, n), pads.subList(0, n), dilations(c, n)), c.x());
        });
    }

    private static List<Long> list(NDArray x) {
        return Arrays.stream(x.toLongArray()).boxed().toList();
    }

    private static List<Long> strides(OnnxCall c, int n) {
        return c.integers("strides", OnnxCall.same(1, n));
    }

    private static List<Long> dilations(OnnxCall c, int n) {
        return c.integers("dilations", OnnxCall.same(1, n));
    }

    private static List<Long> spatial(NDArray weight) {
        return Arrays.stream(weight.shape().dims()).skip(2).boxed().toList();
    }

    private static Source source(OnnxCall c, NDArray x, List<Long> kernel, double border) {
        int n = kernel.size();
        long[] before = new long[n + 2];
        long[] after = new long[n + 2];
        String auto = c.text("auto_pad", "NOTSET");
        List<Long> pads = c.integers("pads", OnnxCall.same(0, 2 * n));
        for (int k = 0; k < n; k++) {
            if (auto.startsWith("SAME")) {
                long size = x.shape().dim(k + 2);
                long stride = strides(c, n).get(k);
                long reach = (kernel.get(k) - 1) * dilations(c, n).get(k) + 1;
                long total = Math.max(0, ((size + stride - 1) / stride - 1) * stride + reach - size);
                before[k + 2] = auto.equals("SAME_UPPER") ? total / 2 : total - total / 2;
                after[k + 2] = total - before[k + 2];
            } else if (auto.equals("NOTSET")) {
                before[k + 2] = pads.get(k);
                after[k + 2] = pads.get(k + n);
            }
        }
        if (Arrays.equals(before, after)) {
            return new Source(x, Arrays.stream(before).skip(2).boxed().toList(), false);
        }
        return new Source(Movement.pad(x, before, after, border), OnnxCall.same(0, n), true);
    }

    private static NDArray convolution(OnnxCall c) {
        List<Long> kernel = spatial(c.y());
        int n = kernel.size();
        Source source = source(c, c.x(), kernel, 0);
        Convolution operator =
                new Convolution(strides(c, n), source.pad, dilations(c, n), c.integer("group", 1), Activation.NONE);
        return Neural.convolution(operator, source.x, c.y(), c.input(2));
    }

    private static NDArray transposed(OnnxCall c) {
        List<Long> kernel = spatial(c.y());
        int n = kernel.size();
        List<Long> output = new ArrayList<>(c.integers("output_padding", OnnxCall.same(0, n)));
        List<Long> pads = c.integers("pads", OnnxCall.same(0, 2 * n));
        List<Long> sizes = c.integers("output_shape", List.of());
        String auto = c.text("auto_pad", "NOTSET");
        long[] before = new long[n];
        long[] after = new long[n];
        for (int k = 0; k < n; k++) {
            before[k] = pads.get(k);
            after[k] = pads.get(k + n);
            long stride = strides(c, n).get(k);
            long size = c.x().shape().dim(k + 2);
            long full = stride * (size - 1)
                    + output.get(k)
                    + (kernel.get(k) - 1) * dilations(c, n).get(k)
                    + 1;
            if (!sizes.isEmpty() || auto.startsWith("SAME")) {
                long total = full - (sizes.isEmpty() ? size * stride : sizes.get(sizes.size() - n + k));
                if (total < 0) {
                    output.set(k, output.get(k) - total);
                    total = 0;
                }
                before[k] = auto.equals("SAME_UPPER") ? total / 2 : total - total / 2;
                after[k] = total - before[k];
            }
        }
        boolean even = Arrays.equals(before, after);
        List<Long> pad = even ? Arrays.stream(before).boxed().toList() : OnnxCall.same(0, n);
        NDArray result = Neural.convolutionTranspose(
                new ConvolutionTranspose(strides(c, n), pad, output, dilations(c, n), c.integer("group", 1)),
                c.x(),
                c.y(),
                c.input(2));
        for (int k = 0; k < n && !even; k++) {
            result = result.slice(k + 2, before[k], result.shape().dim(k + 2) - after[k]);
        }
        return result;
    }

    private static NDArray maxPool(OnnxCall c) {
        List<Long> kernel = c.integers("kernel_shape", null);
        if (c.outputs().length > 1) {
            throw new Refusal("indices of max pooling");
        }
        if (!c.x().dtype().isFloating()) {
            throw new Refusal("max pooling of integers");
        }
        Source source = source(c, c.x(), kernel, Double.NEGATIVE_INFINITY);
        return Neural.maxPool(
                new MaxPool(
                        kernel,
                        strides(c, kernel.size()),
                        source.pad,
                        dilations(c, kernel.size()),
                        c.flag("ceil_mode", false)),
                source.x);
    }

    private static NDArray averagePool(OnnxCall c) {
        List<Long> kernel = c.integers("kernel_shape", null);
        boolean countPad = c.flag("count_include_pad", false);
        Source source = source(c, c.x(), kernel, 0);
        AvgPool operator = new AvgPool(
                kernel,
                strides(c, kernel.size()),
                source.pad,
                countPad || source.bordered,
                dilations(c, kernel.size()),
                c.flag("ceil_mode", false),
                0);
        if (!source.bordered || countPad) {
            return Neural.avgPool(operator, source.x);
        }
        NDArray ones = source(c, Creation.onesLike(c.x()), kernel, 0).x;
        return Neural.avgPool(operator, source.x).div(Neural.avgPool(operator, ones));
    }
}
