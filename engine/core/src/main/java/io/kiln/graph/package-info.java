/**
 * Networks as data. Tracing a block gives an immutable {@link io.kiln.graph.Graph}: operators with attributes, shapes,
 * and parameters with their {@linkplain io.kiln.op.Role roles} and initializers. It can be written to and read from
 * JSON, interpreted and compiled without the Java classes that made it. {@link io.kiln.graph.RecordJson} is the JSON
 * form of operators, initializers, losses and all other records that are named in files.
 */
package io.kiln.graph;
