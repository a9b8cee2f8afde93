/**
 * Tools for people: the summary of layers, sizes and work, drawings of networks, and observers of running ones, which measure
 * time ({@link io.kiln.view.Profiler}), report statistics ({@link io.kiln.view.Monitor}) and find the first NaN
 * ({@link io.kiln.view.NonFiniteDetector}).
 */
package io.kiln.view;
