/**
 * What a device must offer to run Kiln: {@link io.kiln.backend.Backend}, found by {@link java.util.ServiceLoader} through
 * {@link io.kiln.backend.Backends}; its {@link io.kiln.backend.Queue} and {@link io.kiln.backend.Event}, and the caching
 * {@link io.kiln.backend.Allocator} with its budget. What a thread has set stands in its {@link io.kiln.backend.Context}.
 */
package io.kiln.backend;
