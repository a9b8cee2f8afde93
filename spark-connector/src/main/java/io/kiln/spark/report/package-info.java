/**
 * What a fit tells: its events and the listener of its epochs while it runs, its summary and history afterwards, and
 * the exception with which it ends.
 */
package io.kiln.spark.report;
