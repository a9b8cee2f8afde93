package io.kiln.backend;

/**
 * The capabilities of a device.
 *
 * @param hostAddressable whether Java can read and write the device's memory at its addresses, at any time
 * @param captures whether its queues {@linkplain Queue#capture capture} work
 */
public record Traits(boolean hostAddressable, boolean captures) {}
