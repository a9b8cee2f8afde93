package io.kiln.kernels;

import io.kiln.backend.Backends;

/** The device that the property {@code kiln.device} names. */
public final class DeviceUnderTest {
    private DeviceUnderTest() {}

    /**
     * Opens the device.
     *
     * @return its backend
     */
    public static KernelDevice get() {
        return (KernelDevice) Backends.get(Backends.standard());
    }
}
