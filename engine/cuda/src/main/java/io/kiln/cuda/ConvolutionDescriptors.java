package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreateConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionGroupCount;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionMathType;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionNdDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetFilterNdDescriptor;

import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;

/** cuDNN's descriptors of a problem. */
final class ConvolutionDescriptors implements DescriptorCache.Descriptors {
    private final cudnnTensorDescriptor x;
    private final cudnnTensorDescriptor y;
    private final cudnnFilterDescriptor w = new cudnnFilterDescriptor();
    private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();

    ConvolutionDescriptors(ConvolutionProblem p) {
        x = Cudnn.tensor(p.type(), p.x(), p.channelsLast());
        y = Cudnn.tensor(p.type(), p.y(), p.channelsLast());
        Status.checkCudnn(cudnnCreateFilterDescriptor(w), "cudnnCreateFilterDescriptor");
        Status.checkCudnn(
                cudnnSetFilterNdDescriptor(
                        w,
                        p.type(),
                        p.channelsLast() ? cudnnTensorFormat.CUDNN_TENSOR_NHWC : cudnnTensorFormat.CUDNN_TENSOR_NCHW,
                        p.w().size(),
                        Cudnn.ints(p.w())),
                "cudnnSetFilterNdDescriptor of " + p);
        Status.checkCudnn(cudnnCreateConvolutionDescriptor(convolution), "cudnnCreateConvolutionDescriptor");
        boolean wide = p.type() == cudnnDataType.CUDNN_DATA_DOUBLE;
        Status.checkCudnn(
                cudnnSetConvolutionNdDescriptor(
                        convolution,
                        p.stride().size(),
                        Cudnn.ints(p.pad()),
                        Cudnn.ints(p.stride()),
                        Cudnn.ints(p.dilation()),
                        cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                        wide ? cudnnDataType.CUDNN_DATA_DOUBLE : cudnnDataType.CUDNN_DATA_FLOAT),
                "cudnnSetConvolutionNdDescriptor of " + p);
        Status.checkCudnn(
                cudnnSetConvolutionGroupCount(convolution, p.groups()), "cudnnSetConvolutionGroupCount of " + p);
        Status.checkCudnn(
                cudnnSetConvolutionMathType(convolution, Cudnn.math(p.type())), "cudnnSetConvolutionMathType");
    }

    cudnnTensorDescriptor x() {
        return x;
    }

    cudnnTensorDescriptor y() {
        return y;
    }

    cudnnFilterDescriptor w() {
        return w;
    }

    cudnnConvolutionDescriptor convolution() {
        return convolution;
    }

    @Override
    public void close() {
        cudnnDestroyTensorDescriptor(x);
        cudnnDestroyTensorDescriptor(y);
        cudnnDestroyFilterDescriptor(w);
        cudnnDestroyConvolutionDescriptor(convolution);
    }
}
