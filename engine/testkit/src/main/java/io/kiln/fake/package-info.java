/**
 * Devices for tests, {@code fake(0)} and {@code fake(1)}: the CPU in the guise of a GPU. Java cannot read their memory,
 * their queues run late and on other threads, and they fail on demand ({@link io.kiln.fake.FakeBackend}).
 */
package io.kiln.fake;
