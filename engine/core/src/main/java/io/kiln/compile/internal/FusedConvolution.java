package io.kiln.compile.internal;

import io.kiln.compile.Packing;
import io.kiln.compile.Target;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.Convolution;
import java.util.Arrays;

/**
 * A convolution with the operators that follow it, \(y = \mathrm{act}(s_o\, \mathrm{conv}(x, w) + t_o + r)\): batch
 * normalisation by given statistics, a residual sum and an activation. It occurs in compiled programs only.
 *
 * <p>Inputs: x[N,C,spatial…], w[O,C/groups,kernel…], then s[O] and t[O] of float32 if it is scaled, then r of y's shape
 * and dtype if it has a residual. A backend may write y over r if both have the same address. Packed weights are bytes
 * that only the device that packs them understands ({@link Target#packing}).
 *
 * @param convolution the convolution, without bias; its activation comes last
 * @param scaled whether it has s and t
 * @param residual whether it has r
 * @param packing how the weights are packed; null if they are not
 */
public record FusedConvolution(Convolution convolution, boolean scaled, boolean residual, Packing packing)
        implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return convolution.infer(inputs[0], packing == null ? inputs[1] : packing.weights());
    }

    /** The same with packed weights. */
    public FusedConvolution with(Packing packed) {
        return new FusedConvolution(convolution, scaled, residual, packed);
    }

    @Override
    public NDArray[] gradient(GradientContext context) {
        throw new UnsupportedOperationException("fusedConvolution: programs are differentiated before they are fused");
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        if (packing != null) {
            throw new IllegalStateException(
                    "fusedConvolution: the device does not take the weights that it has packed");
        }
        NDArray y = Dispatch.one(with(convolution, Activation.NONE), in[0], in[1]);
        if (scaled) {
            long[] channels = new long[y.shape().rank()];
            Arrays.fill(channels, 1);
            channels[1] = y.shape().dim(1);
            y = y.mul(in[2].reshape(channels)).add(in[3].reshape(channels)).cast(in[0].dtype());
        }
        y = residual ? y.add(in[in.length - 1]) : y;
        return new NDArray[] {
            switch (convolution.activation()) {
                case NONE -> y;
                case RELU -> Dispatch.one(new Relu(), y);
                case SIGMOID -> Dispatch.one(new Sigmoid(), y);
                case TANH -> Dispatch.one(new Tanh(), y);
            }
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long y = outputs[0].shape().size();
        long extra = (scaled ? 2 * y : 0) + (residual ? y : 0);
        Spec[] plain = {inputs[0], packing == null ? inputs[1] : packing.weights()};
        return Math.addExact(convolution.flops(plain, outputs), extra);
    }

    /** The convolution with another activation. */
    public static Convolution with(Convolution c, Activation activation) {
        return new Convolution(c.stride(), c.pad(), c.dilation(), c.groups(), activation);
    }
}
