package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.compile.internal.SpoiledInput;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.Elementwise;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Reorder;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.cpu.winograd.Finish;
import io.kiln.cpu.winograd.WinogradConvolution;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.reduce.Sum;
import java.util.List;

/**
 * Convolutions of float32 by Winograd's algorithm, where that is faster; results are channels-last. Setting the system
 * property {@code kiln.convolution} to {@code direct} before the first convolution uses the direct sum, whose rounding
 * errors are smaller, for all of them.
 */
final class WinogradKernels {
    private static final String SWITCH = "kiln.convolution";

    private static final boolean ENABLED = !"direct".equals(System.getProperty(SWITCH));

    private WinogradKernels() {}

    static KernelPlan convolution(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Convolution conv = (Convolution) operator;
        Layout x = inputs[0];
        Layout w = inputs[1];
        boolean plain = isPlain(conv.stride(), conv.dilation(), conv.groups());
        if (!plain
                || !takes(
                        x.spec(),
                        w.spec(),
                        w.shape(),
                        outputs[0].shape(),
                        outputs[0].shape(),
                        w.shape().dim(1))) {
            return null;
        }
        long bytes = bytes(x, w, outputs[0]);
        return fallback.attempt(operator, Operands.channelsLast(outputs), bytes, (in, out, workspace) -> {
            try (Scope temporaries = Scope.open()) {
                DeviceWorkspace space = DeviceWorkspace.extensible(workspace, in[0]);
                float[] bias = in.length < 3 ? null : in[2].toFloatArray();
                boolean relu = conv.activation() == Activation.RELU;
                Finish finish = new Finish(null, bias, null, relu);
                boolean finite = run(space, in[0], in[1], false, finish, out[0], conv.pad());
                if (finite) {
                    activate(conv.activation(), out[0]);
                }
                return finite;
            }
        });
    }

    /** Applies the part of a convolution's activation that cannot be applied while results are stored. */
    private static void activate(Activation activation, NDArray result) {
        if (activation != Activation.RELU && activation != Activation.NONE) {
            PostOps.PostOp step = OneDnnMatMul.postOps(activation).steps().get(0);
            Tensor flat = Operands.flat(result);
            Elementwise.forward(step.function(), step.alpha(), step.beta(), flat, flat);
        }
    }

    /**
     * A convolution with the operations that follow it; a residual that may be overwritten is added to in place.
     *
     * @throws SpoiledInput if a sum is not finite and the residual has been overwritten
     */
    static KernelPlan fused(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        FusedConvolution fused = (FusedConvolution) operator;
        if (fused.packing() != null || !serves(fused, inputs[0].spec(), inputs[1].spec(), outputs[0])) {
            return null;
        }
        long residual = fused.residual() ? DeviceWorkspace.bytes(ordered(inputs[inputs.length - 1])) : 0;
        return fallback.attempt(
                operator,
                Operands.channelsLast(outputs),
                residual + bytes(inputs[0], inputs[1], outputs[0]),
                (in, out, workspace) -> fused(fused, DeviceWorkspace.extensible(workspace, in[0]), in, out[0]));
    }

    private static boolean fused(FusedConvolution fused, DeviceWorkspace space, NDArray[] inputs, NDArray result) {
        Convolution conv = fused.convolution();
        try (Scope temporaries = Scope.open()) {
            Finish finish = new Finish(
                    fused.scaled() ? inputs[2].toFloatArray() : null,
                    fused.scaled() ? inputs[3].toFloatArray() : null,
                    fused.residual() ? channelsLast(space, inputs[inputs.length - 1]) : null,
                    conv.activation() == Activation.RELU);
            if (!run(space, inputs[0], inputs[1], false, finish, result, conv.pad())) {
                if (fused.residual() && inputs[inputs.length - 1].address() == result.address()) {
                    throw new SpoiledInput("convolution", "residual");
                }
                return false;
            }
            activate(conv.activation(), result);
            return true;
        }
    }

    /** Whether a convolution in a compiled program is computed here. */
    static boolean serves(FusedConvolution fused, Spec x, Spec w, Spec y) {
        Convolution conv = fused.convolution();
        return isPlain(conv.stride(), conv.dilation(), conv.groups())
                && takes(x, w, w.shape(), y.shape(), y.shape(), w.shape().dim(1));
    }

    /** The gradient of a convolution of stride 1 is a convolution with rotated weights, padded to the full overlap. */
    static KernelPlan transpose(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        ConvolutionTranspose conv = (ConvolutionTranspose) operator;
        Layout x = inputs[0];
        Layout w = inputs[1];
        if (!isPlain(conv.stride(), conv.dilation(), conv.groups())
                || conv.outputPad().get(0) != 0
                || conv.outputPad().get(1) != 0
                || !takes(
                        x.spec(),
                        w.spec(),
                        w.shape(),
                        outputs[0].shape(),
                        x.shape(),
                        w.shape().dim(0))) {
            return null;
        }
        long overlap = w.shape().dim(2) - 1;
        if (conv.pad().get(0) > overlap || conv.pad().get(1) > overlap) {
            return null;
        }
        List<Long> pad =
                List.of(overlap - conv.pad().get(0), overlap - conv.pad().get(1));
        return fallback.attempt(
                operator, Operands.channelsLast(outputs), bytes(x, w, outputs[0]), (in, out, workspace) -> {
                    try (Scope temporaries = Scope.open()) {
                        DeviceWorkspace space = DeviceWorkspace.extensible(workspace, in[0]);
                        float[] bias = in.length < 3 ? null : in[2].toFloatArray();
                        return run(space, in[0], in[1], true, new Finish(null, bias, null, false), out[0], pad);
                    }
                });
    }

    static KernelPlan weightGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        ConvolutionWeightGradient conv = (ConvolutionWeightGradient) operator;
        Layout x = inputs[0];
        Layout g = inputs[1];
        Shape w = outputs[0].shape();
        boolean plain = isPlain(conv.stride(), conv.dilation(), conv.groups());
        if (!plain || !takes(x.spec(), g.spec(), w, g.shape(), g.shape(), w.dim(1))) {
            return null;
        }
        long bytes = DeviceWorkspace.bytes(ordered(x), ordered(g))
                + DeviceWorkspace.bytes(weightGradient(w, g.shape()).backwardBytes());
        return fallback.attempt(
                operator,
                null,
                bytes,
                (in, out, workspace) ->
                        weightGradient(conv, DeviceWorkspace.extensible(workspace, in[0]), in[0], in[1], out));
    }

    private static WinogradConvolution weightGradient(Shape w, Shape g) {
        return new WinogradConvolution((int) w.dim(2), g.dims(), (int) w.dim(1), (int) w.dim(0));
    }

    private static boolean weightGradient(
            ConvolutionWeightGradient conv, DeviceWorkspace space, NDArray x, NDArray g, NDArray... outputs) {
        try (Scope temporaries = Scope.open()) {
            Tensor src = channelsLast(space, x);
            Tensor diffDst = channelsLast(space, g);
            weightGradient(outputs[0].shape(), g.shape())
                    .backwardWeights(
                            src,
                            diffDst,
                            Operands.of(outputs[0]),
                            Math.toIntExact(conv.pad().get(0)),
                            Math.toIntExact(conv.pad().get(1)),
                            space.stretches());
            if (Specials.in(outputs[0])) {
                return false;
            }
            if (conv.bias()) {
                Dispatch.into(new Sum(List.of(0L, 2L, 3L), false), new NDArray[] {g}, outputs[1]);
            }
            return true;
        }
    }

    /** Returns false if a sum is not finite: the direct sum must then be computed. */
    private static boolean run(
            DeviceWorkspace space,
            NDArray x,
            NDArray w,
            boolean reverse,
            Finish finish,
            NDArray result,
            List<Long> pad) {
        Tensor src = channelsLast(space, x);
        Tensor weights = Operands.of(space.contiguous(w));
        int padRows = Math.toIntExact(pad.get(0));
        int padColumns = Math.toIntExact(pad.get(1));
        return plan(x.shape(), w.shape(), result.shape())
                .forward(src, weights, reverse, finish, Operands.of(result), padRows, padColumns, space.stretches());
    }

    private static WinogradConvolution plan(Shape x, Shape w, Shape result) {
        return new WinogradConvolution((int) w.dim(2), result.dims(), (int) x.dim(1), (int) result.dim(1));
    }

    /** The workspace of a convolution. */
    private static long bytes(Layout x, Layout w, Spec result) {
        Layout weights = w.isContiguous() ? null : Layout.rowMajor(w.spec());
        return DeviceWorkspace.bytes(ordered(x), weights)
                + DeviceWorkspace.bytes(
                        plan(x.shape(), w.shape(), result.shape()).forwardBytes());
    }

    /** The memory of channels-last images; a channels-last copy of others. */
    private static Tensor channelsLast(DeviceWorkspace space, NDArray x) {
        Tensor tensor = Operands.of(x);
        Layout order = ordered(x.layout());
        if (order == null) {
            return tensor;
        }
        Tensor ordered = Operands.of(space.next(order));
        if (!Reorder.run(Operands.read(x), ordered)) {
            throw new IllegalStateException("convolution: oneDNN cannot copy " + tensor + " to " + ordered);
        }
        return ordered;
    }

    /** The layout of such a copy; null for images that need none. */
    private static Layout ordered(Layout x) {
        return x.strides()[1] == 1
                ? null
                : new Layout(x.spec(), Tensor.channelsLastStrides(x.shape().dims()));
    }

    private static boolean isPlain(List<Long> stride, List<Long> dilation, long groups) {
        return groups == 1
                && stride.size() == 2
                && stride.get(0) == 1
                && stride.get(1) == 1
                && dilation.get(0) == 1
                && dilation.get(1) == 1;
    }

    /**
     * Whether Winograd's algorithm is faster; depends on sizes alone, so that eager and compiled calls agree.
     *
     * @param w shape of the weights
     * @param covered the shape that tiles cover
     * @param outputs the shape over which the direct sum runs
     * @param in channels of the array that is transformed to tiles
     */
    private static boolean takes(Spec a, Spec b, Shape w, Shape covered, Shape outputs, long in) {
        long taps = w.dim(2);
        return ENABLED
                && a.dtype() == DType.FLOAT32
                && b.dtype() == DType.FLOAT32
                && w.dim(3) == taps
                && WinogradConvolution.hasTaps(taps)
                && a.shape().size() > 0
                && b.shape().size() > 0
                && covered.size() > 0
                && WinogradConvolution.pays(
                        taps,
                        covered.dim(0),
                        covered.dim(2),
                        covered.dim(3),
                        in,
                        w.dim(0) * w.dim(1) / in,
                        outputs.dim(0) * outputs.dim(2) * outputs.dim(3))
                && Operands.served(DType.FLOAT32);
    }
}
