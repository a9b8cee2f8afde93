package io.kiln.cpu;

import io.kiln.compile.Packing;
import io.kiln.compile.Target;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.cpu.kernel.NetworkKernels;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.cpu.tile.PointwiseKernels;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import io.kiln.op.internal.ReluGradient;
import io.kiln.op.math.Add;

/** Tells the compiler which kernels and layouts the CPU supports and prefers. */
final class CpuTarget implements Target {
    private final KernelTable kernels;

    CpuTarget(KernelTable kernels) {
        this.kernels = kernels;
    }

    @Override
    public boolean hasKernel(Operator operator) {
        return kernels.has(operator);
    }

    /** Functions that oneDNN implements are left to it; sums and the gradient of ReLU are as fast in a program. */
    @Override
    public boolean fuses(Pointwise operator, Spec output) {
        return operator instanceof ReluGradient
                || operator instanceof Add
                || output.dtype() != DType.FLOAT32
                || !hasKernel(operator);
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
    public long[] layout(Layout[] inputs, Spec output) {
        return PointwiseKernels.layout(inputs, output.shape());
    }
}
