package io.kiln.op;

/**
 * Marks operators whose composition is Java code that reads values: it runs on data only, so a compiler keeps them
 * whole and composes them at run time.
 */
public interface Opaque extends Operator {}
