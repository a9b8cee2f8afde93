package io.kiln.cpu.kernel;

import io.kiln.cpu.KernelTable;
import io.kiln.op.AvgPool;
import io.kiln.op.AvgPoolGradient;
import io.kiln.op.Convolution;
import io.kiln.op.ConvolutionTranspose;
import io.kiln.op.ConvolutionWeightGradient;
import io.kiln.op.Linear;
import io.kiln.op.MatMul;
import io.kiln.op.MaxPool;
import io.kiln.op.MaxPoolGather;
import io.kiln.op.MaxPoolGradient;

/** The kernels of this package: first plain Java ones that take everything, then those of oneDNN in front of them. */
public final class ContractionKernels {

    private ContractionKernels() {}

    /**
     * Adds all kernels, Java and oneDNN.
     *
     * @param table the table under construction
     */
    public static void contribute(KernelTable table) {
        contributeJava(table);
        table.add(MatMul.class, OneDnnMatMul::matMul);
        table.add(Linear.class, OneDnnMatMul::linear);
        table.add(Convolution.class, OneDnnConvolution::convolution);
        table.add(ConvolutionTranspose.class, OneDnnConvolution::transpose);
        table.add(ConvolutionWeightGradient.class, OneDnnConvolution::weightGradient);
        table.add(MaxPool.class, OneDnnPooling::max);
        table.add(MaxPoolGradient.class, OneDnnPooling::maxGradient);
        table.add(AvgPool.class, OneDnnPooling::average);
        table.add(AvgPoolGradient.class, OneDnnPooling::averageGradient);
    }

    /**
     * Adds the Java kernels only.
     *
     * @param table the table under construction
     */
    public static void contributeJava(KernelTable table) {
        table.add(MatMul.class, JavaMatMul::run);
        table.add(Convolution.class, JavaConvolution::convolution);
        table.add(ConvolutionTranspose.class, JavaConvolution::transpose);
        table.add(ConvolutionWeightGradient.class, JavaConvolution::weightGradient);
        table.add(MaxPool.class, JavaPooling::max);
        table.add(MaxPoolGradient.class, JavaPooling::maxGradient);
        table.add(MaxPoolGather.class, JavaPooling::maxGather);
        table.add(AvgPool.class, JavaPooling::average);
        table.add(AvgPoolGradient.class, JavaPooling::averageGradient);
    }
}
