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
import io.kiln.op.internal.Completion;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.Window;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Convolution (cross-correlation) in one to three dimensions, with activation:
 * \(y_{n,o,p} = \mathrm{act}(b_o + \sum_{c,q} w_{o,c,q}\, x_{n,c,\,s p + d q - \mathrm{pad}})\). Shapes: x[N,C,spatial…],
 * w[O,C/groups,kernel…], b[O] (may be left out), y[N,O,⌊(size + 2 pad − dilation (kernel − 1) − 1)/stride⌋ + 1…].
 *
 * @param stride step of the window along each spatial axis
 * @param pad zeros in front of and behind each spatial axis
 * @param dilation distance of the window's elements along each spatial axis
 * @param groups number of groups of channels, each convolved on its own
 * @param activation applied to the sum
 */
public record Convolution(List<Long> stride, List<Long> pad, List<Long> dilation, long groups, Activation activation)
        implements ParametricOperator {
    /** Strides and dilations of 1, no padding, one group and no activation, in as many dimensions as the window has. */
    public Convolution() {
        this(List.of(), List.of(), List.of(), 1, Activation.NONE);
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
        Shape w = kernel == null ? null : Window.withSpatial(Shape.of(channels), Shape.UNKNOWN, kernel);
        return new Shape[] {null, w, Shape.of(channels)};
    }

    @Override
    public Convolution sized(Map<String, List<Long>> sizes) {
        int n = sizes.getOrDefault("kernel", List.of()).size();
        return new Convolution(
                stride.isEmpty() ? Collections.nCopies(n, 1L) : stride,
                pad.isEmpty() ? Collections.nCopies(n, 0L) : pad,
                dilation.isEmpty() ? Collections.nCopies(n, 1L) : dilation,
                groups,
                activation);
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        Shape[] s = inputs.clone();
        Shape x = s[0];
        if (s[1] != null && s[1].rank() > 1) {
            if (x != null && x.rank() > 1 && x.dim(1) != Shape.UNKNOWN && groups > 0 && x.dim(1) % groups == 0) {
                s[1] = s[1].dim(1) == Shape.UNKNOWN ? s[1].with(1, x.dim(1) / groups) : s[1];
            }
            if (s.length > 2 && s[2] != null && s[2].rank() == 1 && s[1].dim(0) == Shape.UNKNOWN) {
                s[1] = s[1].with(0, s[2].dim(0));
            }
        }
        if (s.length > 2) {
            s[2] = Completion.join(s[2], Completion.vector(s[1], 0));
        }
        return s;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape w = inputs[1].shape();
        if (w.rank() < 3 || x.rank() != w.rank()) {
            throw new ShapeException(
                    "convolution: expected x[N,C,spatial…] and w[O,C/groups,kernel…] of one rank, got x" + x + " and w"
                            + w);
        }
        if (groups < 1 || x.dim(1) != w.dim(1) * groups || w.dim(0) % groups != 0) {
            throw new ShapeException("convolution: channels differ: x" + x + " has " + x.dim(1) + ", w" + w + " needs "
                    + w.dim(1) * groups + " (groups=" + groups + ", which must divide " + w.dim(0) + ")");
        }
        if (inputs.length > 2 && !inputs[2].shape().equals(Shape.of(w.dim(0)))) {
            throw new ShapeException("convolution: w" + w + " needs b[" + w.dim(0) + "], got b" + inputs[2].shape());
        }
        if (!inputs[0].dtype().isFloating() || inputs[1].dtype() != inputs[0].dtype()) {
            throw new IllegalArgumentException("convolution: x and w need one floating dtype, got " + inputs[0].dtype()
                    + " and " + inputs[1].dtype() + "; cast one of them");
        }
        Shape y = Window.slide("convolution", x, w.dim(0), Window.spatial(w), stride, pad, dilation);
        return new Spec[] {new Spec(y, inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray w = c.input(1);
        NDArray g = activation.gradient(c.outputGradient(0), c.output(0));
        NDArray[] result = new NDArray[c.inputs()];
        if (c.needs(0)) {
            result[0] = Dispatch.one(
                    ConvolutionWeightGradient.reverse(stride, pad, dilation, groups, x.shape(), g.shape(), w.shape()),
                    g,
                    w);
        }
        boolean bias = c.inputs() > 2 && c.needs(2);
        if (c.needs(1) || bias) {
            NDArray[] dw = Dispatch.run(
                    new ConvolutionWeightGradient(stride, pad, dilation, groups, Window.spatial(w.shape()), bias),
                    x,
                    g);
            result[1] = dw[0];
            if (bias) {
                result[2] = dw[1];
            }
        }
        return result;
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long y = outputs[0].shape().size();
        long sum = inputs[1].shape().size() / Math.max(1, inputs[1].shape().dim(0));
        return Math.addExact(Math.multiplyExact(2 * sum, y), activation.flops(y));
    }
}
