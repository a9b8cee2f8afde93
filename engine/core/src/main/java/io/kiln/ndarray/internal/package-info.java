/** Raw memory outside the Java heap, for arrays and backends. */
package io.kiln.ndarray.internal;
