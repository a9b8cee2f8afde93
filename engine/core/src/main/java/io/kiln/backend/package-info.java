/**
 * The interface between Kiln and devices: {@link io.kiln.backend.Backend}, found by {@link java.util.ServiceLoader}
 * through {@link io.kiln.backend.Backends}; its {@link io.kiln.backend.Queue} and {@link io.kiln.backend.Event}, and
 * the caching {@link io.kiln.backend.Allocator} with its budget. A thread's settings are in its
 * {@link io.kiln.backend.Context}.
 */
package io.kiln.backend;
