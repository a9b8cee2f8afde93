/**
 * Messages between the workers of one job: a {@link io.kiln.kvstore.transport.Transport} over Spark's own network
 * layer, and the {@link io.kiln.kvstore.transport.Coordinator} on the driver, through which workers find each other.
 */
package io.kiln.kvstore.transport;
