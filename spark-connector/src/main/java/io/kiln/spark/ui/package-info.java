/**
 * The "Kiln" tab in Spark's UI and in the history server. Its pages are HTML with inline SVG, made on the server of what
 * {@link io.kiln.spark.job.FitEvent events} tell; the network, the metric and all Params are foreign text there, and escaped.
 */
package io.kiln.spark.ui;
