/**
 * Pointwise programs, reductions and data movement in plain Java. Everything works tile by tile: a few thousand
 * elements are copied into heap arrays, where HotSpot vectorises plain loops (over off-heap memory it does not), and
 * back.
 */
package io.kiln.cpu.tile;
