/**
 * The part of Kiln that must be in MLlib's package: access to MLlib's training summary, which is hidden from other
 * packages.
 */
package org.apache.spark.ml.util;
