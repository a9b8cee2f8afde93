package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.List;

/**
 * Convolution and its transposes in plain Java: the elements under each position of the window become the columns of a
 * matrix, which is multiplied with the weights, image by image and group by group (Chellapilla, Puri and Simard 2006).
 */
final class JavaConvolution {

    private JavaConvolution() {}

    static void convolution(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        Convolution conv = (Convolution) operator;
        Sizes sizes = new Sizes(inputs[0].shape(), outputs[0].shape(), inputs[1].shape(), conv.groups());
        int[] places = places(
                inputs[0].shape(),
                outputs[0].shape(),
                inputs[1].shape(),
                conv.stride(),
                conv.pad(),
                conv.dilation(),
                false);
        HeapMath math = HeapMath.of(outputs[0].dtype());
        try (Scope temporaries = Scope.open()) {
            Object x = math.read(inputs[0]);
            Object w = math.read(inputs[1]);
            Object b = inputs.length > 2 ? math.read(inputs[2]) : null;
            Object y = math.zeros(Math.toIntExact(outputs[0].shape().size()));
            EngineThreads.parallel().forRange(sizes.images * sizes.groups, 1, (from, to) -> {
                Object columns = math.zeros(places.length);
                for (int part = (int) from; part < to; part++) {
                    int group = part % sizes.groups;
                    math.gather(x, part * sizes.srcSize, places, columns, 0);
                    math.multiply(
                            w,
                            group * sizes.weightSize,
                            columns,
                            0,
                            y,
                            part * sizes.dstSize,
                            sizes.out,
                            sizes.positions,
                            sizes.taps);
                    for (int o = 0; b != null && o < sizes.out; o++) {
                        math.addValue(
                                b,
                                group * sizes.out + o,
                                y,
                                part * sizes.dstSize + o * sizes.positions,
                                sizes.positions);
                    }
                }
            });
            activate(conv.activation(), math, y, outputs[0]);
        }
    }

    static void transpose(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        ConvolutionTranspose conv = (ConvolutionTranspose) operator;
        Sizes sizes = new Sizes(outputs[0].shape(), inputs[0].shape(), inputs[1].shape(), conv.groups());
        int[] places = places(
                outputs[0].shape(),
                inputs[0].shape(),
                inputs[1].shape(),
                conv.stride(),
                conv.pad(),
                conv.dilation(),
                false);
        HeapMath math = HeapMath.of(outputs[0].dtype());
        try (Scope temporaries = Scope.open()) {
            Object g = math.read(inputs[0]);
            Object w = turned(math, math.read(inputs[1]), sizes);
            Object b = inputs.length > 2 ? math.read(inputs[2]) : null;
            Object y = math.zeros(Math.toIntExact(outputs[0].shape().size()));
            EngineThreads.parallel().forRange(sizes.images * sizes.groups, 1, (from, to) -> {
                for (int part = (int) from; part < to; part++) {
                    int group = part % sizes.groups;
                    Object columns = math.zeros(places.length);
                    math.multiply(
                            w,
                            group * sizes.weightSize,
                            g,
                            part * sizes.dstSize,
                            columns,
                            0,
                            sizes.taps,
                            sizes.positions,
                            sizes.out);
                    math.scatterAdd(columns, 0, places, y, part * sizes.srcSize);
                    int plane = sizes.srcSize / Math.max(1, sizes.in);
                    for (int c = 0; b != null && c < sizes.in; c++) {
                        math.addValue(b, group * sizes.in + c, y, part * sizes.srcSize + c * plane, plane);
                    }
                }
            });
            math.write(y, outputs[0]);
        }
    }

    /** Each thread sums over its images; the threads' sums are added in order, so the bits depend on nothing else. */
    static void weightGradient(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        ConvolutionWeightGradient conv = (ConvolutionWeightGradient) operator;
        Sizes sizes = new Sizes(inputs[0].shape(), inputs[1].shape(), outputs[0].shape(), conv.groups());
        int[] places = places(
                inputs[0].shape(),
                inputs[1].shape(),
                outputs[0].shape(),
                conv.stride(),
                conv.pad(),
                conv.dilation(),
                true);
        HeapMath math = HeapMath.of(outputs[0].dtype());
        try (Scope temporaries = Scope.open()) {
            Object x = math.read(inputs[0]);
            Object g = math.read(inputs[1]);
            int weights = Math.toIntExact(outputs[0].shape().size());
            Parallel parallel = EngineThreads.parallel();
            int parts = parallel.partsFor(sizes.images, 1);
            Object sums = math.zeros(Math.multiplyExact(parts, weights));
            parallel.run(parts, part -> {
                Object rows = math.zeros(places.length);
                int first = (int) Parallel.split(sizes.images, parts, part) * sizes.groups;
                int last = (int) Parallel.split(sizes.images, parts, part + 1) * sizes.groups;
                for (int i = first; i < last; i++) {
                    math.gather(x, i * sizes.srcSize, places, rows, 0);
                    math.multiply(
                            g,
                            i * sizes.dstSize,
                            rows,
                            0,
                            sums,
                            part * weights + i % sizes.groups * sizes.weightSize,
                            sizes.out,
                            sizes.taps,
                            sizes.positions);
                }
            });
            Object total = math.zeros(weights);
            for (int part = 0; part < parts; part++) {
                math.addAll(sums, part * weights, total, 0, weights);
            }
            math.write(total, outputs[0]);
            if (!conv.bias()) {
                return;
            }
            Object bias = math.zeros(sizes.out * sizes.groups);
            for (int plane = 0; plane < sizes.images * sizes.groups * sizes.out; plane++) {
                int channel = plane % (sizes.out * sizes.groups);
                math.addSum(g, plane * sizes.positions, sizes.positions, bias, channel);
            }
            math.write(bias, outputs[1]);
        }
    }

    private static Object turned(HeapMath math, Object w, Sizes sizes) {
        Object turned = math.zeros(sizes.weightSize * sizes.groups);
        for (int group = 0; group < sizes.groups; group++) {
            int start = group * sizes.weightSize;
            math.transpose(w, start, turned, start, sizes.out, sizes.taps);
        }
        return turned;
    }

    /** Writes an activation of the results to an array. */
    private static void activate(Activation activation, HeapMath math, Object sums, NDArray y) {
        if (activation == Activation.NONE) {
            math.write(sums, y);
            return;
        }
        NDArray x = NDArray.empty(y.backend(), Layout.rowMajor(y.spec()));
        math.write(sums, x);
        Operator function =
                switch (activation) {
                    case RELU -> new Relu();
                    case SIGMOID -> new Sigmoid();
                    default -> new Tanh();
                };
        Dispatch.into(function, new NDArray[] {x}, y);
    }

    /**
     * For each tap of the window (channel of the group, then kernel index) and each position: the index that it reads
     * in a group's channels of the source, or -1 in the padding. Taps are rows and positions columns, or the other way
     * round.
     */
    private static int[] places(
            Shape src,
            Shape dst,
            Shape weights,
            List<Long> stride,
            List<Long> pad,
            List<Long> dilation,
            boolean positionsAreRows) {
        long[] kernel = java.util.Arrays.copyOfRange(weights.dims(), 1, weights.rank());
        long[] out = java.util.Arrays.copyOfRange(dst.dims(), 2, dst.rank());
        int taps = Math.toIntExact(Indices.count(kernel));
        int positions = Math.toIntExact(Indices.count(out));
        int[] places = new int[Math.multiplyExact(taps, positions)];
        long[] tap = new long[kernel.length];
        for (int t = 0; t < taps; t++) {
            long[] position = new long[out.length];
            for (int p = 0; p < positions; p++) {
                long place = tap[0];
                for (int i = 0; i < out.length && place >= 0; i++) {
                    long at = position[i] * stride.get(i) - pad.get(i) + tap[i + 1] * dilation.get(i);
                    long size = src.dim(i + 2);
                    place = at < 0 || at >= size ? -1 : place * size + at;
                }
                places[positionsAreRows ? p * taps + t : t * positions + p] = Math.toIntExact(place);
                Indices.next(position, out);
            }
            Indices.next(tap, kernel);
        }
        return places;
    }

    /** Sizes per image and group: of channels in and out, of positions and taps, and of the blocks of elements. */
    private static final class Sizes {
        final int images;
        final int groups;
        final int in;
        final int out;
        final int positions;
        final int taps;
        final int srcSize;
        final int dstSize;
        final int weightSize;

        Sizes(Shape src, Shape dst, Shape weights, long groups) {
            this.images = Math.toIntExact(src.dim(0));
            this.groups = Math.toIntExact(groups);
            this.in = Math.toIntExact(weights.dim(1));
            this.out = Math.toIntExact(weights.dim(0) / groups);
            this.positions = plane(dst);
            this.taps = in * plane(weights);
            this.srcSize = in * plane(src);
            this.dstSize = out * positions;
            this.weightSize = out * taps;
        }

        private static int plane(Shape shape) {
            return Math.toIntExact(Indices.count(java.util.Arrays.copyOfRange(shape.dims(), 2, shape.rank())));
        }
    }
}
