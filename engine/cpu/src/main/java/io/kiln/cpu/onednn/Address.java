package io.kiln.cpu.onednn;

import org.bytedeco.javacpp.Pointer;

/**
 * A pointer to Kiln's own memory: JavaCPP neither allocates nor frees it. One instance serves many addresses in turn.
 */
final class Address extends Pointer {

    Address() {
        super((Pointer) null);
    }

    Address at(long where) {
        address = where;
        return this;
    }
}
