/** Raw memory outside the Java heap, for arrays and backends, and which arrays share it. */
package io.kiln.ndarray.internal;
