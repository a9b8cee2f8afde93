package io.kiln.op;

/**
 * Marks operators whose composition is Java code that looks at values: it runs on data only, so a compiler keeps them whole
 * and they are composed when they run.
 */
public interface Opaque extends Operator {}
