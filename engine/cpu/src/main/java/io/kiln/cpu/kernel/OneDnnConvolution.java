package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.compile.Packing;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.compile.internal.PackWeights;
import io.kiln.compile.internal.SpoiledInput;
import io.kiln.cpu.Attempt;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.Convolution;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.PackedLayout;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.cpu.onednn.Window;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.math.Add;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Convolutions by oneDNN. Results are channels-last. */
final class OneDnnConvolution {

    private OneDnnConvolution() {}

    static KernelPlan convolution(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        if (declines(inputs)) {
            return null;
        }
        NarrowKernels.advise(inputs[0].dtype());
        io.kiln.op.nn.Convolution conv = (io.kiln.op.nn.Convolution) operator;
        long[][] strides = Operands.channelsLast(outputs);
        Attempt attempt = (in, out, workspace) -> convolve(conv, in, out[0]);
        return isPadded(inputs[0].spec(), conv.groups()) // recorded calls would not check their inputs
                ? fallback.attempt(operator, strides, attempt)
                : fallback.calls(operator, strides, attempt);
    }

    private static boolean convolve(io.kiln.op.nn.Convolution conv, NDArray[] inputs, NDArray result) {
        try (Scope copies = Scope.open()) {
            Window window = window(conv.stride(), conv.pad(), conv.dilation());
            Tensor x = Operands.read(inputs[0]);
            Tensor w = Operands.read(inputs[1]);
            Tensor bias = inputs.length < 3 ? null : Operands.vector(inputs[2]);
            Tensor y = Operands.of(result);
            PostOps postOps = OneDnnMatMul.postOps(conv.activation());
            if (spreads(inputs, conv.groups()) || !Convolution.forward(window, conv.groups(), x, w, bias, y, postOps)) {
                return false;
            }
            if (conv.activation() == Activation.RELU && CpuContext.tookInvalid()) {
                Convolution.forward(window, conv.groups(), x, w, bias, y, PostOps.NONE);
                Specials.rectify(result);
            }
            return true;
        }
    }

    /**
     * A convolution with the operations that follow it as post-ops; a residual that may be overwritten is added to in
     * place.
     *
     * @throws SpoiledInput if a NaN was lost after the residual was overwritten
     */
    static KernelPlan fused(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        FusedConvolution fused = (FusedConvolution) operator;
        if (fused.packing() == null && declines(inputs)) {
            return null;
        }
        return fallback.attempt(
                operator, Operands.channelsLast(outputs), (in, out, workspace) -> fused(fused, in, out[0]));
    }

    private static boolean fused(FusedConvolution fused, NDArray[] inputs, NDArray result) {
        io.kiln.op.nn.Convolution conv = fused.convolution();
        Packing packing = fused.packing();
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
            if (spreads(inputs, conv.groups())
                    || !Convolution.forward(window, conv.groups(), x, w, layout, null, y, all, more)) {
                return false;
            }
            if (conv.activation() == Activation.RELU && CpuContext.tookInvalid()) {
                if (inPlace) {
                    throw new SpoiledInput("convolution", "residual");
                }
                Convolution.forward(window, conv.groups(), x, w, layout, null, y, postOps, more);
                Specials.rectify(result);
            }
            return true;
        }
    }

    /**
     * Whether oneDNN might spread NaN to results whose windows do not contain it: it multiplies 16-bit channels in
     * pairs and, if their number is odd, multiplies the first one of the next position by 0.
     */
    private static boolean spreads(NDArray[] inputs, long groups) {
        return isPadded(inputs[0].spec(), groups) && Specials.in(inputs[0]);
    }

    private static boolean isPadded(Spec x, long groups) {
        return x.dtype() != DType.FLOAT32 && x.shape().dim(1) / groups % 2 == 1;
    }

    private static Tensor weights(Packing packing, long address) {
        Spec w = packing.weights();
        return Tensor.rowMajor(w.dtype(), address, w.shape().dims());
    }

    /**
     * The packing that a convolution prefers for its weights; null if it uses them unpacked, or oneDNN does not support
     * it.
     */
    static Packing packing(FusedConvolution fused, Spec... inputs) {
        io.kiln.op.nn.Convolution conv = fused.convolution();
        Spec y = fused.infer(inputs)[0];
        if (!Operands.served(y.dtype())
                || inputs[1].dtype() != y.dtype()
                || isPadded(inputs[0], conv.groups()) // the plain kernel may have to take over, and uses them unpacked
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

    static KernelPlan pack(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        PackWeights pack = (PackWeights) operator;
        PackedLayout layout =
                new PackedLayout(pack.packing().layout(), pack.packing().bytes());
        return fallback.attempt(operator, null, (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                return Convolution.pack(pack.groups(), Operands.read(in[0]), layout, out[0].address());
            }
        });
    }

    /** A vector over the channels as an operand that broadcasts to a result. */
    private static Tensor perChannel(NDArray vector, NDArray result) {
        long[] dims = new long[result.shape().rank()];
        Arrays.fill(dims, 1);
        dims[1] = result.shape().dim(1);
        return Operands.vector(vector).as(dims, Tensor.channelsLastStrides(dims));
    }

    /** The transposed convolution is the gradient of a convolution with respect to its source. */
    static KernelPlan transpose(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        ConvolutionTranspose conv = (ConvolutionTranspose) operator;
        if (declines(inputs) || outputs[0].shape().size() == 0) {
            return null;
        }
        for (int i = 0; i < conv.stride().size(); i++) {
            if (conv.outputPad().get(i) >= conv.stride().get(i)) {
                return null; // no convolution of that stride has this source and destination
            }
        }
        long[][] strides = Operands.channelsLast(outputs);
        Layout sums = inputs.length > 2 ? new Layout(outputs[0], strides[0]) : null;
        return fallback.attempt(operator, strides, DeviceWorkspace.bytes(sums), (in, out, workspace) -> {
            NDArray y = sums == null ? out[0] : new DeviceWorkspace(workspace).next(sums);
            return transpose(conv, in, y, out[0]);
        });
    }

    private static boolean transpose(ConvolutionTranspose conv, NDArray[] inputs, NDArray sums, NDArray result) {
        try (Scope copies = Scope.open()) {
            boolean computed = Convolution.backwardData(
                    window(conv.stride(), conv.pad(), conv.dilation()),
                    conv.groups(),
                    Operands.read(inputs[0]),
                    Operands.read(inputs[1]),
                    Operands.of(sums));
            if (computed && sums != result) {
                long[] strides = new long[result.shape().rank()];
                strides[1] = inputs[2].strides()[0];
                NDArray bias = inputs[2].view(result.shape(), strides, 0);
                Dispatch.into(new Add(), new NDArray[] {sums, bias}, result);
            }
            return computed;
        }
    }

    static KernelPlan weightGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        ConvolutionWeightGradient conv = (ConvolutionWeightGradient) operator;
        if (declines(inputs)) {
            return null;
        }
        return fallback.calls(operator, null, (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                return Convolution.backwardWeights(
                        window(conv.stride(), conv.pad(), conv.dilation()),
                        conv.groups(),
                        Operands.read(in[0]),
                        Operands.read(in[1]),
                        Operands.of(out[0]),
                        conv.bias() ? Operands.of(out[1]) : null);
            }
        });
    }

    private static boolean declines(Layout[] inputs) {
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
