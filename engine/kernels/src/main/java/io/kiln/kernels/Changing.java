package io.kiln.kernels;

/**
 * An argument of a kernel that is asked for its value at each launch; when the launch has been {@linkplain
 * io.kiln.backend.Queue#capture captured}, again at each replay.
 */
@FunctionalInterface
public interface Changing {
    /**
     * The value of the next launch.
     *
     * @return an argument of numbers, as for {@link DeviceKernel#run}, with the same number of bytes each time
     */
    Object value();
}
