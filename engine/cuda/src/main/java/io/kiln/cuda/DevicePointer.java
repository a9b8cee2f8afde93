package io.kiln.cuda;

import io.kiln.backend.Span;
import jcuda.driver.CUdeviceptr;

/** An address of device memory. */
final class DevicePointer extends CUdeviceptr {
    /** Room for an address that a call returns. */
    DevicePointer() {}

    DevicePointer(long address) {
        super(new CUdeviceptr(), address);
    }

    static DevicePointer of(Span span) {
        return new DevicePointer(DeviceMemory.address(span.storage()) + span.offset());
    }

    long address() {
        return getNativePointer() + getByteOffset();
    }
}
