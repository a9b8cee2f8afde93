/** The training job and the data feed inside Spark. */
package io.kiln.spark;
