package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Softmax;
import io.kiln.op.index.Gather;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Mean;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/** Operators of neural networks. See the operators for formulas and shapes. */
public final class Neural {
    private Neural() {}

    /**
     * {@link Linear} without activation.
     *
     * @param x data [...,in]
     * @param weight weights [out,in]
     * @param bias bias [out], or null
     * @return x Wᵀ + b, of shape [...,out]
     */
    public static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        return linear(x, weight, bias, Activation.NONE);
    }

    /**
     * {@link Linear}.
     *
     * @param x data [...,in]
     * @param weight weights [out,in]
     * @param bias bias [out], or null
     * @param activation applied to the sum
     * @return act(x Wᵀ + b), of shape [...,out]
     */
    public static NDArray linear(NDArray x, NDArray weight, NDArray bias, Activation activation) {
        Linear op = new Linear(activation);
        return bias == null ? Dispatch.one(op, x, weight) : Dispatch.one(op, x, weight, bias);
    }

    /**
     * {@link Convolution} with one stride, padding and dilation for all axes, without activation.
     *
     * @param x data [N,C,spatial...]
     * @param weight kernels [O,C,kernel...]
     * @param bias bias [O], or null
     * @param stride step of the window
     * @param pad zeros on each side
     * @return feature maps [N,O,...]
     */
    public static NDArray convolution(NDArray x, NDArray weight, NDArray bias, long stride, long pad) {
        int n = Math.max(0, weight.shape().rank() - 2);
        Convolution op = new Convolution(
                Collections.nCopies(n, stride),
                Collections.nCopies(n, pad),
                Collections.nCopies(n, 1L),
                1,
                Activation.NONE);
        return convolution(op, x, weight, bias);
    }

    /**
     * {@link Convolution} with all attributes.
     *
     * @param operator the attributes
     * @param x data [N,C,spatial...]
     * @param weight kernels [O,C/groups,kernel...]
     * @param bias bias [O], or null
     * @return feature maps [N,O,...]
     */
    public static NDArray convolution(Convolution operator, NDArray x, NDArray weight, NDArray bias) {
        return bias == null ? Dispatch.one(operator, x, weight) : Dispatch.one(operator, x, weight, bias);
    }

    /**
     * {@link ConvolutionTranspose}.
     *
     * @param operator the attributes
     * @param x data [N,O,spatial...]
     * @param weight kernels [O,C/groups,kernel...]
     * @param bias bias [C], or null
     * @return feature maps [N,C,...]
     */
    public static NDArray convolutionTranspose(ConvolutionTranspose operator, NDArray x, NDArray weight, NDArray bias) {
        return bias == null ? Dispatch.one(operator, x, weight) : Dispatch.one(operator, x, weight, bias);
    }

    /**
     * {@link MaxPool}.
     *
     * @param x data [N,C,spatial...]
     * @param kernel sizes of the window, one per spatial axis
     * @param stride its steps
     * @param pad its borders
     * @return the maxima [N,C,...]
     */
    public static NDArray maxPool(NDArray x, List<Long> kernel, List<Long> stride, List<Long> pad) {
        return Dispatch.one(new MaxPool(kernel, stride, pad), x);
    }

    /**
     * {@link AvgPool}.
     *
     * @param x data [N,C,spatial...]
     * @param kernel sizes of the window, one per spatial axis
     * @param stride its steps
     * @param pad its borders
     * @param countPad whether the divisor counts the padding
     * @return the means [N,C,...]
     */
    public static NDArray avgPool(NDArray x, List<Long> kernel, List<Long> stride, List<Long> pad, boolean countPad) {
        return Dispatch.one(new AvgPool(kernel, stride, pad, countPad), x);
    }

    /**
     * {@link MaxPool} with all attributes.
     *
     * @param operator the attributes
     * @param x data [N,C,spatial...]
     * @return the maxima [N,C,...]
     */
    public static NDArray maxPool(MaxPool operator, NDArray x) {
        return Dispatch.one(operator, x);
    }

    /**
     * {@link AvgPool} with all attributes.
     *
     * @param operator the attributes
     * @param x data [N,C,spatial...]
     * @return the means [N,C,...]
     */
    public static NDArray avgPool(AvgPool operator, NDArray x) {
        return Dispatch.one(operator, x);
    }

    /**
     * Max pooling to a fixed output size: {@link AdaptiveMaxPool}.
     *
     * @param x data [N,C,spatial...]
     * @param size the new sizes, one per spatial axis
     * @return the maxima [N,C,size...]
     */
    public static NDArray adaptiveMaxPool(NDArray x, long... size) {
        return Dispatch.one(new AdaptiveMaxPool(LongStream.of(size).boxed().toList()), x);
    }

    /**
     * Average pooling to a fixed output size: {@link AdaptiveAvgPool}.
     *
     * @param x data [N,C,spatial...]
     * @param size the new sizes, one per spatial axis
     * @return the means [N,C,size...]
     */
    public static NDArray adaptiveAvgPool(NDArray x, long... size) {
        return Dispatch.one(new AdaptiveAvgPool(LongStream.of(size).boxed().toList()), x);
    }

    /**
     * {@link BatchNormOp}.
     *
     * @param operator the attributes
     * @param x data [N,C,...]
     * @param gamma scale [C]
     * @param beta shift [C]
     * @param runningMean running mean [C]
     * @param runningVariance running variance [C]
     * @return y [N,C,...], new running mean [C], new running variance [C], and two outputs that the gradient needs
     */
    public static NDArray[] batchNorm(
            BatchNormOp operator,
            NDArray x,
            NDArray gamma,
            NDArray beta,
            NDArray runningMean,
            NDArray runningVariance) {
        return Dispatch.run(operator, x, gamma, beta, runningMean, runningVariance);
    }

    /**
     * {@link LayerNormOp} over the last axis.
     *
     * @param x data [...,n]
     * @param gamma scale [n]
     * @param beta shift [n]
     * @param epsilon added to the variance
     * @return an array of the shape of x
     */
    public static NDArray layerNorm(NDArray x, NDArray gamma, NDArray beta, double epsilon) {
        return Dispatch.one(new LayerNormOp(epsilon), x, gamma, beta);
    }

    /**
     * {@link DropoutOp}: only in train mode.
     *
     * @param x data
     * @param rate probability of an element being dropped, 0 &le; rate &lt; 1
     * @return an array of the shape of x
     */
    public static NDArray dropout(NDArray x, double rate) {
        return Dispatch.one(new DropoutOp(rate), x);
    }

    /**
     * {@link Softmax} along an axis.
     *
     * @param x logits
     * @param axis the axis, negative ones counted from the end
     * @return probabilities, of the shape of x
     */
    public static NDArray softmax(NDArray x, int axis) {
        return Dispatch.one(new Softmax(axis), x);
    }

    /**
     * {@link LogSoftmax} along an axis.
     *
     * @param x logits
     * @param axis the axis, negative ones counted from the end
     * @return logarithms of probabilities, of the shape of x
     */
    public static NDArray logSoftmax(NDArray x, int axis) {
        return Dispatch.one(new LogSoftmax(axis), x);
    }

    /**
     * {@link SoftmaxCrossEntropyOp} of logits and class labels.
     *
     * @param logits logits [...,K]
     * @param label classes 0..K-1 [...]
     * @return the loss of each row [...]
     */
    public static NDArray softmaxCrossEntropy(NDArray logits, NDArray label) {
        return Dispatch.one(new SoftmaxCrossEntropyOp(), logits, label);
    }

    /**
     * Looks up rows in a table: {@link Gather} along axis 0.
     *
     * @param index row numbers of any shape
     * @param table vectors [rows,n]
     * @return vectors, of the shape of index with n behind it
     */
    public static NDArray embedding(NDArray index, NDArray table) {
        return Dispatch.one(new Gather(0), table, index);
    }

    /**
     * Means over all spatial axes.
     *
     * @param x data [N,C,spatial...]
     * @return means [N,C,1,...]
     */
    public static NDArray globalAvgPool(NDArray x) {
        return Dispatch.one(new Mean(spatialAxes(x.shape()), true), x);
    }

    /**
     * Maxima over all spatial axes.
     *
     * @param x data [N,C,spatial...]
     * @return maxima [N,C,1,...]
     */
    public static NDArray globalMaxPool(NDArray x) {
        return Dispatch.one(new Max(spatialAxes(x.shape()), true), x);
    }

    private static List<Long> spatialAxes(Shape x) {
        return LongStream.range(2, x.rank()).boxed().toList();
    }
}
