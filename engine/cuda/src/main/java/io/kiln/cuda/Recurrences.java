package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnRNNBackwardData_v8;
import static jcuda.jcudnn.JCudnn.cudnnRNNBackwardWeights_v8;
import static jcuda.jcudnn.JCudnn.cudnnRNNForward;

import java.util.List;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnWgradMode;

/**
 * Recurrent layers of one queue, under whose lock it is used. cuDNN is not given the lengths of sequences on the device: it has not needed
 * them since version 8.9.1.
 */
final class Recurrences {
    private final Cudnn cudnn;
    private final DescriptorCache<RecurrentProblem, RecurrentDescriptors> descriptors;

    Recurrences(Cudnn cudnn) {
        this.cudnn = cudnn;
        descriptors = new DescriptorCache<>(p -> new RecurrentDescriptors(cudnn.handle(), p));
    }

    RecurrentSizes sizes(RecurrentProblem problem) {
        return descriptors.of(problem).sizes();
    }

    List<RecurrentDescriptors.Place> places(RecurrentProblem problem, Block weights) {
        return descriptors.of(problem).places(weights.address, weights.bytes);
    }

    /** Memory of the device. */
    record Block(long address, long bytes) {
        static final Block NONE = new Block(0, 0);

        private DevicePointer pointer() {
            return new DevicePointer(address);
        }
    }

    /**
     * Addresses of the states before the first step, and after the last; of an array that there is not, 0.
     *
     * @param h the hidden state, which is zeros if it is not given
     * @param c the cell state, which is zeros if it is not given
     * @param lastC the cell state after the last step, or its gradient
     */
    record States(long h, long c, long lastC) {}

    /**
     * The memory beside the arrays.
     *
     * @param weights the weights in cuDNN's order
     * @param workspace while it computes
     * @param reserve what is kept for the gradient, which writes to it; none in predict mode
     */
    record Room(Block weights, Block workspace, Block reserve) {}

    void forward(RecurrentProblem p, boolean training, long x, long y, States states, Room room) {
        RecurrentDescriptors d = descriptors.of(p);
        Status.checkCudnn(
                cudnnRNNForward(
                        cudnn.handle(),
                        d.layer(),
                        training ? cudnnForwardMode.CUDNN_FWD_MODE_TRAINING : cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE,
                        null,
                        d.x(),
                        new DevicePointer(x),
                        d.y(),
                        new DevicePointer(y),
                        d.h(),
                        new DevicePointer(states.h),
                        null,
                        cells(p, d),
                        new DevicePointer(states.c),
                        new DevicePointer(states.lastC),
                        room.weights.bytes,
                        room.weights.pointer(),
                        room.workspace.bytes,
                        room.workspace.pointer(),
                        room.reserve.bytes,
                        room.reserve.pointer()),
                "cudnnRNNForward of " + p);
    }

    private static cudnnTensorDescriptor cells(RecurrentProblem p, RecurrentDescriptors d) {
        return p.isLstm() ? d.c() : null;
    }

    /**
     * Addresses of what a gradient takes and gives.
     *
     * @param x the inputs
     * @param y the result
     * @param dy its gradient
     * @param dx the gradient of the inputs
     * @param dh that of the hidden state before the first step; 0 if it is not wanted
     * @param dc that of the cell state before the first step; 0 if it is not wanted
     */
    record Gradients(long x, long y, long dy, long dx, long dh, long dc) {}

    /** The gradients; those of the weights are added to what is in dWeights. */
    void backward(RecurrentProblem p, Gradients g, States states, Room room, Block dWeights) {
        RecurrentDescriptors d = descriptors.of(p);
        Status.checkCudnn(
                cudnnRNNBackwardData_v8(
                        cudnn.handle(),
                        d.layer(),
                        null,
                        d.y(),
                        new DevicePointer(g.y),
                        new DevicePointer(g.dy),
                        d.x(),
                        new DevicePointer(g.dx),
                        d.h(),
                        new DevicePointer(states.h),
                        null,
                        new DevicePointer(g.dh),
                        cells(p, d),
                        new DevicePointer(states.c),
                        new DevicePointer(states.lastC),
                        new DevicePointer(g.dc),
                        room.weights.bytes,
                        room.weights.pointer(),
                        room.workspace.bytes,
                        room.workspace.pointer(),
                        room.reserve.bytes,
                        room.reserve.pointer()),
                "cudnnRNNBackwardData_v8 of " + p);
        Status.checkCudnn(
                cudnnRNNBackwardWeights_v8(
                        cudnn.handle(),
                        d.layer(),
                        cudnnWgradMode.CUDNN_WGRAD_MODE_ADD,
                        null,
                        d.x(),
                        new DevicePointer(g.x),
                        d.h(),
                        new DevicePointer(states.h),
                        d.y(),
                        new DevicePointer(g.y),
                        dWeights.bytes,
                        dWeights.pointer(),
                        room.workspace.bytes,
                        room.workspace.pointer(),
                        room.reserve.bytes,
                        room.reserve.pointer()),
                "cudnnRNNBackwardWeights_v8 of " + p);
    }

    void close() {
        descriptors.close();
    }
}
