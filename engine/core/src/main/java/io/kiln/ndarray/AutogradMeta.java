package io.kiln.ndarray;

/** Autograd's data about an array: how it was computed, or that it is a variable. Only autograd accesses it. */
public interface AutogradMeta {}
