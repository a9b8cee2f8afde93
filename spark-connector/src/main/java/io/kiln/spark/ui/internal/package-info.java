/** Axes, number formats and markup, shared by the tab in Spark's UI and by notebooks. */
package io.kiln.spark.ui.internal;
