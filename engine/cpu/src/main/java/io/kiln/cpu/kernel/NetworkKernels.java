package io.kiln.cpu.kernel;

import io.kiln.compile.Packing;
import io.kiln.compile.internal.AddRelu;
import io.kiln.compile.internal.FusedBatchNorm;
import io.kiln.compile.internal.FusedBatchNormGradient;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.compile.internal.PackWeights;
import io.kiln.cpu.KernelTable;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.op.activation.Softmax;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.FromResiduals;
import io.kiln.op.internal.GeluGradient;
import io.kiln.op.internal.GruGradient;
import io.kiln.op.internal.Keeping;
import io.kiln.op.internal.LayerNormGradient;
import io.kiln.op.internal.LstmGradient;
import io.kiln.op.internal.MaxPoolGather;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.internal.ReluGradient;
import io.kiln.op.internal.RnnGradient;
import io.kiln.op.internal.ScaledDotProductAttentionGradient;
import io.kiln.op.internal.SiluGradient;
import io.kiln.op.internal.SoftmaxCrossEntropyGradient;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.math.Add;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.LayerNormOp;
import io.kiln.op.nn.Linear;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import io.kiln.op.recurrent.RnnOp;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Sum;

/** The kernels of this package: plain Java ones that accept everything, preceded by oneDNN's. */
public final class NetworkKernels {

    private NetworkKernels() {}

    /**
     * Adds all kernels, Java and oneDNN.
     *
     * @param table the table under construction
     */
    public static void contribute(KernelTable table) {
        contributeJava(table);
        widened(table);
        table.add(MatMul.class, OneDnnMatMul::matMul);
        table.add(MatMul.class, SmallMatMul::plan);
        table.add(Linear.class, OneDnnMatMul::linear);
        table.add(Convolution.class, OneDnnConvolution::convolution);
        table.add(FusedConvolution.class, OneDnnConvolution::fused);
        table.add(PackWeights.class, OneDnnConvolution::pack);
        table.add(ConvolutionTranspose.class, OneDnnConvolution::transpose);
        table.add(ConvolutionWeightGradient.class, OneDnnConvolution::weightGradient);
        table.add(Convolution.class, WinogradKernels::convolution);
        table.add(ConvolutionTranspose.class, WinogradKernels::transpose);
        table.add(ConvolutionWeightGradient.class, WinogradKernels::weightGradient);
        table.add(FusedConvolution.class, WinogradKernels::fused);
        table.add(MaxPool.class, OneDnnPooling::max);
        table.add(MaxPoolGradient.class, OneDnnPooling::maxGradient);
        table.add(AvgPool.class, OneDnnPooling::average);
        table.add(AvgPoolGradient.class, OneDnnPooling::averageGradient);
        table.add(BatchNormOp.class, OneDnnNorm::batchNorm);
        table.add(BatchNormGradient.class, OneDnnNorm::batchNormGradient);
        table.add(FusedBatchNorm.class, OneDnnNorm::batchNormRelu);
        table.add(FusedBatchNormGradient.class, OneDnnNorm::batchNormReluGradient);
        table.add(LayerNormOp.class, OneDnnNorm::layerNorm);
        table.add(LayerNormGradient.class, OneDnnNorm::layerNormGradient);
        table.add(Softmax.class, SoftmaxKernels::softmax);
        table.add(LogSoftmax.class, SoftmaxKernels::logSoftmax);
        table.add(SoftmaxCrossEntropyOp.class, SoftmaxKernels::crossEntropy);
        table.add(SoftmaxCrossEntropyGradient.class, SoftmaxKernels::crossEntropyGradient);
        table.add(Sum.class, ShortSums::sum);
        table.add(Mean.class, ShortSums::mean);
        elements(table);
        sequences(table);
    }

    /**
     * The packing that oneDNN prefers for the weights of a convolution.
     *
     * @param convolution the convolution
     * @param inputs shapes and dtypes of its inputs
     * @return the packing; null to use the weights unpacked
     */
    public static Packing packing(FusedConvolution convolution, Spec... inputs) {
        boolean winograd = WinogradKernels.serves(
                convolution, inputs[0], inputs[1], convolution.infer(inputs)[0]);
        return winograd ? null : OneDnnConvolution.packing(convolution, inputs);
    }

    private static void widened(KernelTable table) {
        table.add(MatMul.class, NarrowKernels::plan);
        table.add(Linear.class, NarrowKernels::plan);
        table.add(Convolution.class, NarrowKernels::plan);
        table.add(ConvolutionTranspose.class, NarrowKernels::plan);
        table.add(ConvolutionWeightGradient.class, NarrowKernels::plan);
        table.add(MaxPool.class, NarrowKernels::plan);
        table.add(MaxPoolGradient.class, NarrowKernels::plan);
        table.add(AvgPool.class, NarrowKernels::plan);
        table.add(AvgPoolGradient.class, NarrowKernels::plan);
        table.add(Softmax.class, NarrowKernels::plan);
        table.add(LogSoftmax.class, NarrowKernels::plan);
    }

    private static void sequences(KernelTable table) {
        table.add(LstmOp.class, LstmKernels::forward);
        table.add(LstmGradient.class, LstmKernels::backward);
        table.addResiduals(LstmOp.class, LstmKernels::residuals);
        table.add(Keeping.class, LstmKernels::keeping);
        table.add(FromResiduals.class, LstmKernels::fromResiduals);
        table.add(GruOp.class, GruKernels::forward);
        table.add(GruGradient.class, GruKernels::backward);
        table.addResiduals(GruOp.class, GruKernels::residuals);
        table.add(Keeping.class, GruKernels::keeping);
        table.add(FromResiduals.class, GruKernels::fromResiduals);
        table.add(RnnOp.class, RnnKernels::forward);
        table.add(RnnGradient.class, RnnKernels::backward);
        table.add(ScaledDotProductAttention.class, AttentionKernels::forward);
        table.add(ScaledDotProductAttentionGradient.class, AttentionKernels::backward);
    }

    private static void elements(KernelTable table) {
        table.add(Add.class, ElementKernels::add);
        table.add(AddRelu.class, ElementKernels::addRelu);
        table.add(Tanh.class, ElementKernels::tanh);
        table.add(Sigmoid.class, ElementKernels::sigmoid);
        table.add(ReluGradient.class, ElementKernels::reluGradient);
        table.add(Silu.class, ElementKernels::silu);
        table.add(SiluGradient.class, ElementKernels::siluGradient);
        table.add(Gelu.class, ElementKernels::gelu);
        table.add(GeluGradient.class, ElementKernels::geluGradient);
        table.add(Copy.class, ElementKernels::copy);
        table.add(Cast.class, ElementKernels::cast);
    }

    /**
     * Adds the Java kernels only.
     *
     * @param table the table under construction
     */
    public static void contributeJava(KernelTable table) {
        table.addRoutine(MatMul.class, JavaMatMul::run);
        table.addRoutine(Convolution.class, JavaConvolution::convolution);
        table.addRoutine(ConvolutionTranspose.class, JavaConvolution::transpose);
        table.addRoutine(ConvolutionWeightGradient.class, JavaConvolution::weightGradient);
        table.addRoutine(MaxPool.class, JavaPooling::max);
        table.addRoutine(MaxPoolGradient.class, JavaPooling::maxGradient);
        table.addRoutine(MaxPoolGather.class, JavaPooling::maxGather);
        table.addRoutine(AvgPool.class, JavaPooling::average);
        table.addRoutine(AvgPoolGradient.class, JavaPooling::averageGradient);
    }
}
