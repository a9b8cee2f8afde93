/**
 * Loops and branches that can be traced. {@link io.kiln.op.control.ControlFlow} runs them; in a graph each is one operator whose bodies are
 * graphs.
 */
package io.kiln.op.control;
