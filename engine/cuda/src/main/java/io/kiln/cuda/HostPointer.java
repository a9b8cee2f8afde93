package io.kiln.cuda;

import io.kiln.backend.Span;
import jcuda.Pointer;

/** An address of host memory. */
final class HostPointer extends Pointer {
    /** Room for an address that a call returns. */
    HostPointer() {}

    HostPointer(long address) {
        super(address);
    }

    static HostPointer of(Span span) {
        return new HostPointer(span.storage().address() + span.offset());
    }

    long address() {
        return getNativePointer() + getByteOffset();
    }
}
