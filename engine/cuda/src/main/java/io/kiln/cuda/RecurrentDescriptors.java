package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreateDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyRNNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNTempSpaceSizes;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightParams;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightSpaceSize;
import static jcuda.jcudnn.JCudnn.cudnnSetDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDescriptor_v8;

import io.kiln.op.internal.RecurrentInputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDirectionMode;
import jcuda.jcudnn.cudnnDropoutDescriptor;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnRNNAlgo;
import jcuda.jcudnn.cudnnRNNBiasMode;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDataLayout;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnRNNInputMode;
import jcuda.jcudnn.cudnnTensorDescriptor;

/** cuDNN's descriptors of a recurrent layer, and where it has its weights. */
final class RecurrentDescriptors implements DescriptorCache.Descriptors {
    /** Rows that all have as many steps lie in memory as Kiln's do. */
    private static final int LAYOUT = cudnnRNNDataLayout.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED;

    /** {@code CUDNN_RNN_PADDED_IO_DISABLED}, which JCuda does not name. */
    private static final int PACKED = 0;

    /** The linear layer of an LSTM that projects its state. */
    private static final int PROJECTION_LAYER = 8;

    private final cudnnHandle handle;
    private final RecurrentProblem problem;
    private final cudnnDropoutDescriptor dropout = new cudnnDropoutDescriptor();
    private final cudnnRNNDescriptor layer = new cudnnRNNDescriptor();
    private final cudnnRNNDataDescriptor x = new cudnnRNNDataDescriptor();
    private final cudnnRNNDataDescriptor y = new cudnnRNNDataDescriptor();
    private final cudnnTensorDescriptor h;
    private final cudnnTensorDescriptor c;
    private List<Place> places;

    RecurrentDescriptors(cudnnHandle handle, RecurrentProblem p) {
        this.handle = handle;
        problem = p;
        h = Cudnn.tensor(p.type(), List.of(1, p.rows(), p.state()), false);
        c = Cudnn.tensor(p.type(), List.of(1, p.rows(), p.hidden()), false);
        Status.checkCudnn(cudnnCreateDropoutDescriptor(dropout), "cudnnCreateDropoutDescriptor");
        Status.checkCudnn(cudnnCreateRNNDescriptor(layer), "cudnnCreateRNNDescriptor");
        Status.checkCudnn(cudnnCreateRNNDataDescriptor(x), "cudnnCreateRNNDataDescriptor");
        Status.checkCudnn(cudnnCreateRNNDataDescriptor(y), "cudnnCreateRNNDataDescriptor");
        try {
            describe();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void describe() {
        RecurrentProblem p = problem;
        boolean wide = p.type() == cudnnDataType.CUDNN_DATA_DOUBLE;
        Status.checkCudnn(
                cudnnSetDropoutDescriptor(dropout, handle, 0, new Pointer(), 0, 0),
                "cudnnSetDropoutDescriptor without dropout");
        Status.checkCudnn(
                cudnnSetRNNDescriptor_v8(
                        layer,
                        cudnnRNNAlgo.CUDNN_RNN_ALGO_STANDARD,
                        p.mode(),
                        cudnnRNNBiasMode.CUDNN_RNN_DOUBLE_BIAS,
                        cudnnDirectionMode.CUDNN_UNIDIRECTIONAL,
                        cudnnRNNInputMode.CUDNN_LINEAR_INPUT,
                        p.type(),
                        wide ? p.type() : cudnnDataType.CUDNN_DATA_FLOAT,
                        wide ? cudnnMathType.CUDNN_DEFAULT_MATH : Cudnn.math(p.type()),
                        p.input(),
                        p.hidden(),
                        p.state(),
                        1,
                        dropout,
                        PACKED),
                "cudnnSetRNNDescriptor_v8 of " + p);
        describe(x, p.input());
        describe(y, p.state());
    }

    private void describe(cudnnRNNDataDescriptor sequence, int width) {
        int[] lengths = new int[problem.rows()];
        Arrays.fill(lengths, problem.steps());
        Status.checkCudnn(
                cudnnSetRNNDataDescriptor(
                        sequence, problem.type(), LAYOUT, problem.steps(), problem.rows(), width, lengths, null),
                "cudnnSetRNNDataDescriptor of " + problem);
    }

    /** Bytes that cuDNN wants. */
    RecurrentSizes sizes() {
        long[] weights = new long[1];
        Status.checkCudnn(
                cudnnGetRNNWeightSpaceSize(handle, layer, weights), "cudnnGetRNNWeightSpaceSize of " + problem);
        long[] inference = temporary(cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE);
        long[] training = temporary(cudnnForwardMode.CUDNN_FWD_MODE_TRAINING);
        return new RecurrentSizes(weights[0], inference[0], training[0], training[1]);
    }

    private long[] temporary(int mode) {
        long[] workspace = new long[1];
        long[] reserve = new long[1];
        Status.checkCudnn(
                cudnnGetRNNTempSpaceSizes(handle, layer, mode, x, workspace, reserve),
                "cudnnGetRNNTempSpaceSizes of " + problem);
        return new long[] {workspace[0], reserve[0]};
    }

    /**
     * A part of a weight and its place among cuDNN's.
     *
     * @param input place of the weight among the inputs of the operator
     * @param from its first byte within that
     * @param to its first byte within cuDNN's weights
     * @param bytes its length
     */
    record Place(int input, long from, long to, long bytes) {
        /** Whether another follows behind this in both. */
        boolean goesOn(Place next) {
            return input == next.input && from + bytes == next.from && to + bytes == next.to;
        }
    }

    /** The places of all weights; cuDNN tells them by addresses within a space for weights. */
    List<Place> places(long space, long bytes) {
        if (places == null) {
            int element = problem.elementBytes();
            List<Place> all = new ArrayList<>();
            long h = problem.hidden();
            add(all, RecurrentInputs.WI, RecurrentInputs.BI, 0, h, h * problem.input() * element, space, bytes);
            int gates = problem.gates();
            add(all, RecurrentInputs.WH, RecurrentInputs.BH, gates, h, h * problem.state() * element, space, bytes);
            if (problem.isProjected()) {
                long[] at = parameters(PROJECTION_LAYER, space, bytes);
                all.add(new Place(RecurrentInputs.PROJECTION, 0, at[0], h * problem.state() * element));
            }
            places = List.copyOf(all);
        }
        return places;
    }

    /** Adds the matrices, then the biases, of all gates; those that follow one another are one place. */
    private void add(
            List<Place> all, int weight, int bias, int first, long hidden, long matrix, long space, long bytes) {
        List<Place> biases = new ArrayList<>();
        long vector = hidden * problem.elementBytes();
        for (int g = 0; g < problem.gates(); g++) {
            long[] at = parameters(first + g, space, bytes);
            join(all, new Place(weight, g * matrix, at[0], matrix));
            join(biases, new Place(bias, g * vector, at[1], vector));
        }
        all.addAll(biases);
    }

    private static void join(List<Place> all, Place next) {
        int end = all.size() - 1;
        if (end >= 0 && all.get(end).goesOn(next)) {
            Place before = all.get(end);
            all.set(end, new Place(before.input, before.from, before.to, before.bytes + next.bytes));
        } else {
            all.add(next);
        }
    }

    /** Where the matrix and the bias of a linear layer begin. */
    private long[] parameters(int linear, long space, long bytes) {
        cudnnTensorDescriptor matrix = new cudnnTensorDescriptor();
        cudnnTensorDescriptor bias = new cudnnTensorDescriptor();
        Status.checkCudnn(cudnnCreateTensorDescriptor(matrix), "cudnnCreateTensorDescriptor");
        Status.checkCudnn(cudnnCreateTensorDescriptor(bias), "cudnnCreateTensorDescriptor");
        try {
            DevicePointer ofMatrix = new DevicePointer();
            DevicePointer ofBias = new DevicePointer();
            Status.checkCudnn(
                    cudnnGetRNNWeightParams(
                            handle, layer, 0, bytes, new DevicePointer(space), linear, matrix, ofMatrix, bias, ofBias),
                    "cudnnGetRNNWeightParams of " + problem + ", linear layer " + linear);
            return new long[] {ofMatrix.address() - space, ofBias.address() - space};
        } finally {
            cudnnDestroyTensorDescriptor(matrix);
            cudnnDestroyTensorDescriptor(bias);
        }
    }

    cudnnRNNDescriptor layer() {
        return layer;
    }

    cudnnRNNDataDescriptor x() {
        return x;
    }

    cudnnRNNDataDescriptor y() {
        return y;
    }

    cudnnTensorDescriptor h() {
        return h;
    }

    cudnnTensorDescriptor c() {
        return c;
    }

    @Override
    public void close() {
        cudnnDestroyTensorDescriptor(h);
        cudnnDestroyTensorDescriptor(c);
        cudnnDestroyRNNDataDescriptor(x);
        cudnnDestroyRNNDataDescriptor(y);
        cudnnDestroyRNNDescriptor(layer);
        cudnnDestroyDropoutDescriptor(dropout);
    }
}
