package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The gradient of {@link Convolution} with respect to its weights and bias:
 * \(\mathrm{dw}_{o,c,q} = \sum_{n,p} g_{n,o,p}\, x_{n,c,\,s p + d q - \mathrm{pad}}\), \(\mathrm{db}_o = \sum_{n,p} g_{n,o,p}\).
 * Shapes: x[N,C,spatial…], g[N,O,spatial…], dw[O,C/groups,kernel…], db[O].
 *
 * @param stride stride of the convolution
 * @param pad its padding
 * @param dilation its dilation
 * @param groups its groups
 * @param kernel sizes of its window
 * @param bias whether the bias's gradient is wanted as a second output
 */
public record ConvolutionWeightGradient(
        List<Long> stride, List<Long> pad, List<Long> dilation, long groups, List<Long> kernel, boolean bias)
        implements Operator {
    /** The transpose of a convolution from x to y. */
    public static ConvolutionTranspose reverse(
            List<Long> stride, List<Long> pad, List<Long> dilation, long groups, Shape x, Shape y, Shape w) {
        List<Long> open = new ArrayList<>();
        for (int i = 0; i < stride.size(); i++) {
            open.add(x.dim(i + 2)
                    - Window.transposedLength(y.dim(i + 2), w.dim(i + 2), stride.get(i), pad.get(i), dilation.get(i)));
        }
        return new ConvolutionTranspose(stride, pad, List.copyOf(open), dilation, groups);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape g = inputs[1].shape();
        Window.check(name(), x, kernel, stride, pad, dilation);
        long[] w = new long[x.rank()];
        w[0] = g.dim(1);
        w[1] = x.dim(1) / groups;
        for (int i = 0; i < kernel.size(); i++) {
            w[i + 2] = kernel.get(i);
        }
        Spec dw = new Spec(Shape.of(w), inputs[0].dtype());
        return bias ? new Spec[] {dw, new Spec(Shape.of(w[0]), dw.dtype())} : new Spec[] {dw};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray g = c.input(1);
        NDArray ddw = c.outputGradient(0);
        NDArray dx = null;
        NDArray dg = null;
        if (ddw != null) {
            dx = Dispatch.one(reverse(stride, pad, dilation, groups, x.shape(), g.shape(), ddw.shape()), g, ddw);
            dg = Dispatch.one(new Convolution(stride, pad, dilation, groups, Activation.NONE), x, ddw);
        }
        if (bias && c.outputGradient(1) != null) {
            long[] d = new long[g.shape().rank()];
            Arrays.fill(d, 1);
            d[1] = g.shape().dim(1);
            NDArray ddb = c.outputGradient(1).reshape(d).broadcastTo(g.shape());
            dg = dg == null ? ddb : dg.add(ddb);
        }
        return new NDArray[] {dx, dg};
    }

    static List<Long> ones(int n) {
        return Collections.nCopies(n, 1L);
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long g = inputs[1].shape().size();
        long window = outputs[0].shape().size() / Math.max(1, outputs[0].shape().dim(0));
        return Math.addExact(Math.multiplyExact(2 * window, g), bias ? g : 0);
    }
}
