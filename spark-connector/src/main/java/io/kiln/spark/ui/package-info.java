/**
 * The "Kiln" tab in Spark's UI and in the history server. Its pages are HTML with inline SVG, made on the server from
 * {@link io.kiln.spark.report.FitEvent fit events}; the network, the metric and all Params are untrusted text and are
 * escaped.
 */
package io.kiln.spark.ui;
