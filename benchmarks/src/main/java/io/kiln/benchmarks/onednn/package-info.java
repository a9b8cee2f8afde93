/** Direct oneDNN calls from Java, without an engine around them. */
package io.kiln.benchmarks.onednn;
