package io.kiln.ndarray;

/** What autograd keeps with an array: how it was computed, or that it is a variable. Autograd alone looks inside. */
public interface AutogradMeta {}
