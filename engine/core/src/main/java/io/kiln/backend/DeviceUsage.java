package io.kiln.backend;

import java.io.Serializable;

/**
 * What all processes on the machine, this one included, use of a device.
 *
 * @param utilisation the share of the time since the last question, or of the driver's last period, in which the device computed; 0 to 1
 * @param usedBytes bytes of its memory that are taken
 * @param totalBytes bytes of its memory
 */
public record DeviceUsage(double utilisation, long usedBytes, long totalBytes) implements Serializable {}
