/** The operator tests of ONNX and of PyTorch, run against Kiln; {@code docs/conformance.md} is their table. */
package io.kiln.conformance;
