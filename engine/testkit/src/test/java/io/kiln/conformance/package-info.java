/** Runs the operator tests of ONNX and PyTorch against Kiln; {@code docs/conformance.md} has the results. */
package io.kiln.conformance;
