package io.kiln.spark.report;

/**
 * Mean loss of neighbouring steps.
 *
 * @param step the last of them, counted from 1 since the fit began
 * @param loss mean of their finite losses
 */
public record LossPoint(long step, double loss) {}
