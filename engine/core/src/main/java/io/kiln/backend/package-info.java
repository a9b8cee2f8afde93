/**
 * What a device must offer to run Kiln: {@link io.kiln.backend.Backend}, found by {@link java.util.ServiceLoader} through
 * {@link io.kiln.backend.Backends}, and the caching {@link io.kiln.backend.Allocator} with its budget.
 */
package io.kiln.backend;
