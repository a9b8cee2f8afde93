package io.kiln.benchmarks;

/**
 * What a contender says of itself once it stands.
 *
 * @param version of the engine, for the table
 * @param parameters trainable numbers of its network, 0 when the workload has no network
 */
public record Facts(String version, long parameters) {}
