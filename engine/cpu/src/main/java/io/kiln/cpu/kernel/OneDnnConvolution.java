package io.kiln.cpu.kernel;

import io.kiln.compile.FusedConvolution;
import io.kiln.compile.PackWeights;
import io.kiln.compile.Packing;
import io.kiln.compile.SpoiledInput;
import io.kiln.cpu.onednn.Convolution;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.PackedLayout;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.cpu.onednn.Window;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.math.Add;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.ConvolutionWeightGradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Convolutions by oneDNN. Results are channels-last. */
final class OneDnnConvolution {

    private OneDnnConvolution() {}

    static NDArray[] convolution(Operator operator, NDArray[] inputs, Spec[] outputs) {
        io.kiln.op.nn.Convolution conv = (io.kiln.op.nn.Convolution) operator;
        if (declines(inputs)) {
            return null;
        }
        NarrowKernels.advise(inputs[0].dtype());
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            Window window = window(conv.stride(), conv.pad(), conv.dilation());
            Tensor x = Operands.read(inputs[0]);
            Tensor w = Operands.read(inputs[1]);
            Tensor bias = inputs.length < 3 ? null : Operands.vector(inputs[2]);
            Tensor y = Operands.of(result);
            PostOps postOps = OneDnnMatMul.postOps(conv.activation());
            if (!Convolution.forward(window, conv.groups(), x, w, bias, y, postOps)) {
                return null;
            }
            if (conv.activation() == Activation.RELU && CpuContext.tookInvalid()) {
                Convolution.forward(window, conv.groups(), x, w, bias, y, PostOps.NONE);
                Specials.rectify(result);
            }
            return new NDArray[] {result};
        }
    }

    /**
     * A convolution with all that follows it as post-ops; a residual that is given up is added to in place.
     *
     * @throws SpoiledInput where a NaN was lost and the residual with it
     */
    static NDArray[] fused(Operator operator, NDArray[] inputs, Spec[] outputs) {
        FusedConvolution fused = (FusedConvolution) operator;
        io.kiln.op.nn.Convolution conv = fused.convolution();
        Packing packing = fused.packing();
        if (packing == null && declines(inputs)) {
            return null;
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            PostOps postOps = PostOps.NONE;
            List<Tensor> operands = new ArrayList<>();
            if (fused.scaled()) {
                postOps = postOps.then(PostOps.Kind.MULTIPLY).then(PostOps.Kind.ADD);
                operands.add(perChannel(inputs[2], result));
                operands.add(perChannel(inputs[3], result));
            }
            boolean inPlace = false;
            if (fused.residual()) {
                NDArray residual = inputs[inputs.length - 1];
                inPlace = residual.address() == result.address();
                postOps = postOps.then(inPlace ? PostOps.Kind.SUM : PostOps.Kind.ADD);
                if (!inPlace) {
                    operands.add(Operands.read(residual));
                }
            }
            Window window = window(conv.stride(), conv.pad(), conv.dilation());
            Tensor x = Operands.read(inputs[0]);
            Tensor w = packing == null ? Operands.read(inputs[1]) : weights(packing, inputs[1].address());
            PackedLayout layout = packing == null ? null : new PackedLayout(packing.layout(), packing.bytes());
            Tensor y = Operands.of(result);
            Tensor[] more = operands.toArray(new Tensor[0]);
            PostOps all = OneDnnMatMul.then(postOps, conv.activation());
            if (!Convolution.forward(window, conv.groups(), x, w, layout, null, y, all, more)) {
                return null;
            }
            if (conv.activation() == Activation.RELU && CpuContext.tookInvalid()) {
                if (inPlace) {
                    throw new SpoiledInput("convolution", "residual");
                }
                Convolution.forward(window, conv.groups(), x, w, layout, null, y, postOps, more);
                Specials.rectify(result);
            }
            return new NDArray[] {result};
        }
    }

    private static Tensor weights(Packing packing, long address) {
        Spec w = packing.weights();
        return Tensor.rowMajor(w.dtype(), address, w.shape().dims());
    }

    /** How a convolution likes its weights; null where it takes them as they are, or oneDNN does not serve it. */
    static Packing packing(FusedConvolution fused, Spec... inputs) {
        io.kiln.op.nn.Convolution conv = fused.convolution();
        Spec y = fused.infer(inputs)[0];
        if (!Operands.served(y.dtype())
                || inputs[1].dtype() != y.dtype()
                || inputs[0].shape().size() == 0
                || inputs[1].shape().size() == 0) {
            return null;
        }
        PostOps postOps = PostOps.NONE;
        List<Tensor> operands = new ArrayList<>();
        Tensor result = Tensor.channelsLast(y.dtype(), 0, y.shape().dims());
        if (fused.scaled()) {
            postOps = postOps.then(PostOps.Kind.MULTIPLY).then(PostOps.Kind.ADD);
            long[] dims = new long[y.shape().rank()];
            Arrays.fill(dims, 1);
            dims[1] = y.shape().dim(1);
            operands.add(Tensor.channelsLast(DType.FLOAT32, 0, dims));
            operands.add(operands.get(0));
        }
        if (fused.residual()) {
            postOps = postOps.then(PostOps.Kind.SUM);
        }
        PackedLayout layout = Convolution.layout(
                window(conv.stride(), conv.pad(), conv.dilation()),
                conv.groups(),
                Tensor.channelsLast(y.dtype(), 0, inputs[0].shape().dims()),
                Tensor.rowMajor(y.dtype(), 0, inputs[1].shape().dims()),
                result,
                OneDnnMatMul.then(postOps, conv.activation()),
                operands.toArray(new Tensor[0]));
        return layout == null ? null : new Packing(inputs[1], layout.bytes(), layout.text());
    }

    static NDArray[] pack(Operator operator, NDArray[] inputs, Spec[] outputs) {
        PackWeights pack = (PackWeights) operator;
        NDArray packed = Operands.rowMajor(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            PackedLayout layout =
                    new PackedLayout(pack.packing().layout(), pack.packing().bytes());
            boolean done = Convolution.pack(pack.groups(), Operands.read(inputs[0]), layout, packed.address());
            return done ? new NDArray[] {packed} : null;
        }
    }

    /** A vector over the channels as an operand that broadcasts to a result. */
    private static Tensor perChannel(NDArray vector, NDArray result) {
        long[] dims = new long[result.shape().rank()];
        Arrays.fill(dims, 1);
        dims[1] = result.shape().dim(1);
        return Operands.vector(vector).as(dims, Tensor.channelsLastStrides(dims));
    }

    /** The transposed convolution is the gradient of a convolution with respect to its source. */
    static NDArray[] transpose(Operator operator, NDArray[] inputs, Spec[] outputs) {
        ConvolutionTranspose conv = (ConvolutionTranspose) operator;
        if (declines(inputs) || outputs[0].shape().size() == 0) {
            return null;
        }
        for (int i = 0; i < conv.stride().size(); i++) {
            if (conv.outputPad().get(i) >= conv.stride().get(i)) {
                return null; // no convolution of that stride has this source and destination
            }
        }
        NDArray result = Operands.channelsLast(inputs[0], outputs[0]);
        try (Scope copies = Scope.open()) {
            boolean computed = Convolution.backwardData(
                    window(conv.stride(), conv.pad(), conv.dilation()),
                    conv.groups(),
                    Operands.read(inputs[0]),
                    Operands.read(inputs[1]),
                    Operands.of(result));
            if (!computed) {
                return null;
            }
            return new NDArray[] {inputs.length < 3 ? result : copies.keep(shifted(result, inputs[2]))};
        }
    }

    private static NDArray shifted(NDArray y, NDArray bias) {
        Shape shape = y.shape();
        long[] strides = new long[shape.rank()];
        strides[1] = bias.strides()[0];
        return Dispatch.withoutGradient(new Add(), y, bias.view(shape, strides, 0));
    }

    static NDArray[] weightGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        ConvolutionWeightGradient conv = (ConvolutionWeightGradient) operator;
        if (declines(inputs)) {
            return null;
        }
        NDArray weights = Operands.rowMajor(inputs[0], outputs[0]);
        NDArray bias = conv.bias() ? Operands.rowMajor(inputs[0], outputs[1]) : null;
        try (Scope copies = Scope.open()) {
            Tensor src = Operands.read(inputs[0]);
            boolean computed = Convolution.backwardWeights(
                    window(conv.stride(), conv.pad(), conv.dilation()),
                    conv.groups(),
                    src,
                    Operands.read(inputs[1]),
                    Operands.of(weights),
                    bias == null ? null : Operands.of(bias));
            if (!computed) {
                return null;
            }
            return bias == null ? new NDArray[] {weights} : new NDArray[] {weights, bias};
        }
    }

    private static boolean declines(NDArray[] inputs) {
        return !Operands.served(inputs[0].dtype())
                || inputs[0].dtype() != inputs[1].dtype()
                || Operands.isEmpty(inputs[0])
                || Operands.isEmpty(inputs[1]);
    }

    private static Window window(List<Long> stride, List<Long> pad, List<Long> dilation) {
        long[] pads = Operands.array(pad);
        return new Window(Operands.array(stride), Operands.array(dilation), pads, pads);
    }
}
