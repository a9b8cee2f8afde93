package io.kiln.benchmarks;

import java.nio.file.Path;

/**
 * What a contender is told before it builds anything.
 *
 * @param threads threads that it may compute with
 * @param scratch folder for files of the contender, removed by nobody but the operating system
 */
public record Setup(int threads, Path scratch) {}
