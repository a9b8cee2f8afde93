/**
 * Networks as data. A traced block becomes an immutable {@link io.kiln.graph.Graph}: operators with attributes, shapes, and
 * parameters with their {@linkplain io.kiln.op.Role roles} and initializers. It is written to JSON, read back, interpreted
 * and compiled without the Java classes that made it. {@link io.kiln.graph.RecordJson} is the JSON form of operators,
 * initializers, losses and all other records that are named in files.
 */
package io.kiln.graph;
