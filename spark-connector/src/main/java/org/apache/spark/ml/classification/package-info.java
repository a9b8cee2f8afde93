/** What Kiln must have in MLlib's package: the way to MLlib's summary of a fit, which is hidden from code outside. */
package org.apache.spark.ml.classification;
