/**
 * Tools for inspection: summaries of layers, sizes and operations, drawings of networks, and observers of running
 * networks, which measure time ({@link io.kiln.view.Profiler}), report statistics ({@link io.kiln.view.Monitor}) and
 * find the first NaN ({@link io.kiln.view.NonFiniteDetector}).
 */
package io.kiln.view;
