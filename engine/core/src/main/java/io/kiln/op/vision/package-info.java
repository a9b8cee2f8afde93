/**
 * Operators on images and boxes: resizing, grid sampling, RoI align, box coding and non-maximum suppression.
 * {@link io.kiln.op.vision.Vision} has them as static methods.
 */
package io.kiln.op.vision;
