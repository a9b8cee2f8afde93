package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.Channels;
import io.kiln.op.internal.Completion;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.Window;
import io.kiln.op.shape.Movement;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Transposed convolution ("deconvolution"): the linear map that is the transpose of {@link Convolution} with the same
 * weights, hence its gradient with respect to the data. Shapes: x[N,O,spatial…], w[O,C/groups,kernel…], b[C] (may be left
 * out), y[N,C,(size − 1) stride − 2 pad + dilation (kernel − 1) + 1 + outputPad…].
 *
 * @param stride stride of the convolution that is transposed
 * @param pad its padding
 * @param outputPad what is added to the output's size, which a stride above 1 leaves open; less than stride or dilation,
 *     unless it restores the size of a convolution's input
 * @param dilation its dilation
 * @param groups its groups
 */
public record ConvolutionTranspose(
        List<Long> stride, List<Long> pad, List<Long> outputPad, List<Long> dilation, long groups)
        implements ParametricOperator {
    /** Strides and dilations of 1, no padding and one group, in as many dimensions as the window has. */
    public ConvolutionTranspose() {
        this(List.of(), List.of(), List.of(), List.of(), 1);
    }

    @Override
    public List<Argument> arguments() {
        return List.of(
                Argument.data("x"), Argument.parameter("weight", Role.WEIGHT), Argument.parameter("bias", Role.BIAS));
    }

    @Override
    public List<String> sizeNames() {
        return List.of("channels", "kernel");
    }

    @Override
    public Shape[] stated(Map<String, List<Long>> sizes) {
        long channels = Completion.one(name(), sizes, "channels");
        List<Long> kernel = sizes.get("kernel");
        long own = channels == Shape.UNKNOWN || channels % groups != 0 ? Shape.UNKNOWN : channels / groups;
        Shape w = kernel == null ? null : Window.withSpatial(Shape.of(Shape.UNKNOWN), own, kernel);
        return new Shape[] {null, w, Shape.of(channels)};
    }

    @Override
    public ConvolutionTranspose sized(Map<String, List<Long>> sizes) {
        int n = sizes.getOrDefault("kernel", List.of()).size();
        return new ConvolutionTranspose(
                stride.isEmpty() ? Collections.nCopies(n, 1L) : stride,
                pad.isEmpty() ? Collections.nCopies(n, 0L) : pad,
                outputPad.isEmpty() ? Collections.nCopies(n, 0L) : outputPad,
                dilation.isEmpty() ? Collections.nCopies(n, 1L) : dilation,
                groups);
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        Shape[] s = inputs.clone();
        if (s[1] != null && s[1].rank() > 1) {
            if (s[0] != null && s[0].rank() > 1 && s[1].dim(0) == Shape.UNKNOWN) {
                s[1] = s[1].with(0, s[0].dim(1));
            }
            if (s.length > 2 && s[1].dim(1) != Shape.UNKNOWN) {
                s[2] = Completion.join(s[2], Shape.of(s[1].dim(1) * groups));
            }
        }
        return s;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape w = inputs[1].shape();
        if (w.rank() < 3 || x.rank() != w.rank() || groups < 1 || x.dim(1) != w.dim(0) || w.dim(0) % groups != 0) {
            throw new ShapeException("convolutionTranspose: expected x[N,O,spatial…] and w[O,C/groups,kernel…], got x"
                    + x + " and w" + w + " (groups=" + groups + ")");
        }
        Window.check("convolutionTranspose", x, Window.spatial(w), stride, pad, dilation);
        long channels = w.dim(1) * groups;
        if (inputs.length > 2 && !inputs[2].shape().equals(Shape.of(channels))) {
            throw new ShapeException(
                    "convolutionTranspose: w" + w + " needs b[" + channels + "], got b" + inputs[2].shape());
        }
        long[] y = new long[x.rank()];
        y[0] = x.dim(0);
        y[1] = channels;
        for (int i = 0; i < stride.size(); i++) {
            long d = x.dim(i + 2);
            y[i + 2] = d == Shape.UNKNOWN
                    ? d
                    : Window.transposedLength(d, w.dim(i + 2), stride.get(i), pad.get(i), dilation.get(i))
                            + outputPad.get(i);
            if (y[i + 2] < 0 && d != Shape.UNKNOWN || outputPad.get(i) < 0) {
                throw new ShapeException("convolutionTranspose: x" + x + ", w" + w + ", stride " + stride + ", pad "
                        + pad + ", outputPad " + outputPad + " give size " + y[i + 2] + " for axis " + (i + 2));
            }
        }
        return new Spec[] {new Spec(Shape.of(y), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray w = c.input(1);
        NDArray dy = c.outputGradient(0);
        NDArray[] result = new NDArray[c.inputs()];
        if (c.needs(0)) {
            NDArray dx = Dispatch.one(new Convolution(stride, pad, dilation, groups, Activation.NONE), dy, w);
            for (int i = 2; i < x.shape().rank(); i++) {
                dx = beyond(i) == 0 ? dx : dx.slice(i, 0, x.shape().dim(i));
            }
            result[0] = dx;
        }
        if (c.needs(1)) {
            result[1] = Dispatch.one(
                    new ConvolutionWeightGradient(stride, pad, dilation, groups, Window.spatial(w.shape()), false),
                    dy,
                    extended(x));
        }
        if (c.inputs() > 2 && c.needs(2)) {
            result[2] = Channels.sum(dy);
        }
        return result;
    }

    /** Whole strides in the output's extra size: the convolution of the output has as many results that no input has made. */
    private long beyond(int axis) {
        return outputPad.get(axis - 2) / stride.get(axis - 2);
    }

    /** The input with zeros for those results. */
    private NDArray extended(NDArray x) {
        long[] after = new long[x.shape().rank()];
        for (int i = 2; i < after.length; i++) {
            after[i] = beyond(i);
        }
        return Arrays.stream(after).allMatch(a -> a == 0) ? x : Movement.pad(x, new long[after.length], after, 0);
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long spread = inputs[1].shape().size() / Math.max(1, inputs[1].shape().dim(0));
        return Math.multiplyExact(2 * spread, inputs[0].shape().size());
    }
}
