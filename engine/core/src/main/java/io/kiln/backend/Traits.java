package io.kiln.backend;

/**
 * The capabilities of a device.
 *
 * @param hostAddressable whether Java can read and write the device's memory at its addresses, at any time
 */
public record Traits(boolean hostAddressable) {}
