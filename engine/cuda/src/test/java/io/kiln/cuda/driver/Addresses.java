// SPDX-License-Identifier: Apache-2.0
package io.kiln.cuda.driver;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import jcuda.driver.CUdeviceptr;

/** Addresses of memory, which a table of arguments holds. */
final class Addresses {
    private Addresses() {}

    static long of(ByteBuffer direct) {
        return com.sun.jna.Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    static long of(CUdeviceptr pointer) {
        return new Opened(pointer).address();
    }

    /** JCuda keeps the address for its subclasses. */
    private static final class Opened extends CUdeviceptr {
        Opened(CUdeviceptr pointer) {
            super(pointer);
        }

        long address() {
            return getNativePointer() + getByteOffset();
        }
    }
}
