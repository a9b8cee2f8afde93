/** Axes, numbers and markup of pictures: for the tab in Spark's UI and for notebooks. */
package io.kiln.spark.ui.internal;
