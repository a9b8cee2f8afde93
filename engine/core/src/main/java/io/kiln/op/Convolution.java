package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.List;

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
        implements Operator {
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
            result[0] = Dispatch.one(ConvolutionTranspose.reverse(this, x.shape(), g.shape(), w.shape()), g, w);
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
