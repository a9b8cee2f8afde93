package io.kiln.cpu;

import io.kiln.compile.AddRelu;
import io.kiln.compile.FusedBatchNorm;
import io.kiln.compile.FusedBatchNormGradient;
import io.kiln.compile.FusedConvolution;
import io.kiln.compile.Packing;
import io.kiln.compile.Target;
import io.kiln.cpu.kernel.NetworkKernels;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.onednn.CallLog;
import io.kiln.cpu.onednn.RecordedCalls;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.cpu.tile.PointwiseKernels;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.ReluGradient;
import io.kiln.op.activation.Softmax;
import io.kiln.op.math.Add;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.AvgPoolGradient;
import io.kiln.op.nn.BatchNorm;
import io.kiln.op.nn.BatchNormGradient;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.MaxPoolGradient;
import java.util.Arrays;

/** Tells the compiler which kernels this processor has and how they lay out their results. */
final class CpuTarget implements Target {
    private final KernelTable kernels;

    CpuTarget(KernelTable kernels) {
        this.kernels = kernels;
    }

    @Override
    public boolean hasKernel(Operator operator) {
        return kernels.of(operator).length > 0;
    }

    /** Functions that oneDNN implements stay with it; sums and the gradient of ReLU are as fast in a program. */
    @Override
    public boolean fuses(Pointwise operator, Spec output) {
        return operator instanceof ReluGradient
                || operator instanceof Add
                || output.dtype() != DType.FLOAT32
                || !hasKernel(operator);
    }

    @Override
    public long[][] layout(Operator operator, NDArray[] inputs, Spec[] outputs) {
        long[][] strides = Target.super.layout(operator, inputs, outputs);
        Shape shape = outputs[0].shape();
        if (operator instanceof Pointwise || operator instanceof Cast || operator instanceof AddRelu) {
            strides[0] = layout(inputs, shape);
        } else if (shape.size() == 0 || !Natives.get().isAvailable()) {
            return strides;
        } else if (operator instanceof Softmax || operator instanceof LogSoftmax) {
            strides[0] = inputs[0].isDense() ? inputs[0].strides() : strides[0];
        } else if (operator instanceof Convolution
                || operator instanceof FusedConvolution
                || operator instanceof FusedBatchNorm
                || operator instanceof FusedBatchNormGradient
                || operator instanceof ConvolutionTranspose
                || operator instanceof AvgPool
                || operator instanceof AvgPoolGradient
                || operator instanceof MaxPoolGradient
                || operator instanceof BatchNorm
                || operator instanceof BatchNormGradient) {
            strides[0] = Tensor.channelsLastStrides(shape.dims());
        } else if (operator instanceof MaxPool) {
            strides[0] = Tensor.channelsLastStrides(shape.dims());
            strides[1] = strides[0];
        }
        return strides;
    }

    @Override
    public Packing packing(FusedConvolution convolution, Spec... inputs) {
        return NetworkKernels.packing(convolution, inputs);
    }

    @Override
    public long maskBytes(Spec x) {
        boolean served = x.dtype() == DType.FLOAT32 || x.dtype() == DType.BFLOAT16;
        long[] dims = x.shape().dims();
        return served && x.shape().size() > 0 && Natives.get().isAvailable()
                ? io.kiln.cpu.onednn.BatchNorm.maskBytes(Tensor.channelsLast(x.dtype(), 0, dims))
                : -1;
    }

    @Override
    public long[] layout(NDArray[] inputs, Shape shape) {
        return PointwiseKernels.layout(inputs, shape);
    }

    @Override
    public RecordedCall record(Operator operator, NDArray[] inputs, NDArray[] outputs, Runnable call) {
        if (!Natives.get().isAvailable()) {
            call.run();
            return null;
        }
        CallLog log = CallLog.of(call);
        Operands operands = new Operands(inputs, outputs);
        RecordedCalls calls = log.calls(operands.starts, operands.bytes);
        return calls == null ? null : (in, out) -> operands.take(in, out) && calls.run(operands.starts);
    }

    /** The arrays of a recorded call. */
    private static final class Operands {
        private final long[][] strides;
        private final long[] bytes;
        private final long[] starts;
        /** Arrays i and j of n that share memory, as i·n + j, and the start of i minus that of j in bytes. */
        private int[] pairs = {};

        private long[] distances = {};

        Operands(NDArray[] inputs, NDArray[] outputs) {
            strides = new long[inputs.length + outputs.length][];
            bytes = new long[strides.length];
            starts = new long[strides.length];
            for (int i = 0; i < strides.length; i++) {
                NDArray x = at(i, inputs, outputs);
                strides[i] = x.strides();
                starts[i] = x.address();
                long last = x.size() == 0 ? -1 : 0;
                for (int k = 0; k < strides[i].length && last >= 0; k++) {
                    last += (x.shape().dim(k) - 1) * Math.max(0, strides[i][k]);
                }
                bytes[i] = (last + 1) * x.dtype().bytes();
                for (int j = 0; j < i; j++) {
                    if (starts[i] < starts[j] + bytes[j] && starts[j] < starts[i] + bytes[i]) {
                        pairs = Arrays.copyOf(pairs, pairs.length + 1);
                        distances = Arrays.copyOf(distances, pairs.length);
                        pairs[pairs.length - 1] = i * strides.length + j;
                        distances[pairs.length - 1] = starts[i] - starts[j];
                    }
                }
            }
        }

        private static NDArray at(int i, NDArray[] inputs, NDArray[] outputs) {
            return i < inputs.length ? inputs[i] : outputs[i - inputs.length];
        }

        /**
         * Takes the addresses of other arrays, if their strides are the same (shapes and types always are) and those that shared
         * memory still share it, because a recorded call does not say which of them it read.
         */
        boolean take(NDArray[] inputs, NDArray[] outputs) {
            for (int i = 0; i < strides.length; i++) {
                NDArray x = at(i, inputs, outputs);
                if (x.strides() != strides[i] && !Arrays.equals(x.strides(), strides[i])) {
                    return false;
                }
                starts[i] = x.address();
            }
            for (int k = 0; k < pairs.length; k++) {
                if (starts[pairs[k] / starts.length] - starts[pairs[k] % starts.length] != distances[k]) {
                    return false;
                }
            }
            return true;
        }
    }
}
