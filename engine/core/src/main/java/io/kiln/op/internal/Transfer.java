package io.kiln.op.internal;

import io.kiln.autograd.Function;
import io.kiln.backend.Device;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;

/**
 * A copy on another device, whose gradient is copied back. Between devices of one type the copy is submitted to their
 * queues; a device of another type receives it through the host, which waits for the source unless that is the host itself.
 */
public final class Transfer extends Function {
    private final Device device;
    private Device source;

    private Transfer(Device device) {
        this.device = device;
    }

    /** The array on a device: itself when it lies there. */
    public static NDArray to(Device device, NDArray x) {
        if (x.isTraced()) {
            throw new IllegalStateException("to: " + x.spec() + " of a graph being traced cannot move to " + device
                    + ", as a graph runs on one device; move the inputs of the network, or trace each part by itself");
        }
        return x.device().equals(device) ? x : new Transfer(device).apply(x)[0];
    }

    @Override
    protected NDArray[] forward(NDArray... inputs) {
        NDArray x = inputs[0];
        source = x.device();
        NDArray rowMajor = x.isContiguous() ? x : x.copy();
        NDArray y = ArrayFactory.on(device).empty(x.shape(), x.dtype());
        if (device.type().equals(source.type())) {
            InPlace.copyAcross(rowMajor, y);
        } else {
            try (HostView from = rowMajor.read();
                    HostView to = y.write()) {
                to.copyFrom(from);
            }
        }
        if (rowMajor != x) {
            rowMajor.close();
        }
        return new NDArray[] {y};
    }

    @Override
    protected NDArray[] backward(NDArray... outputGradients) {
        return new NDArray[] {outputGradients[0].to(source)};
    }
}
