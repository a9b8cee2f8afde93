package io.kiln.backend;

/**
 * What a device can do.
 *
 * @param hostAddressable whether Java can read and write the device's memory at its addresses, at any time
 */
public record Traits(boolean hostAddressable) {}
