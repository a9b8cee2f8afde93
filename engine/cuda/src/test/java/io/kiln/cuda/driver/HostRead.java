// SPDX-License-Identifier: Apache-2.0
package io.kiln.cuda.driver;

/** Reads device memory as if it were the host's, in a process of its own. */
final class HostRead {
    private HostRead() {}

    public static void main(String[] arguments) {
        TestDriver.load();
        try (Device device = new Device()) {
            long address = Addresses.of(Device.upload(1));
            System.out.println(new com.sun.jna.Pointer(address).getFloat(0) + " was read on " + device);
        }
    }
}
