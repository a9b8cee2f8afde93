/**
 * Collective operations between the ranks of a group: sums, gathers and broadcasts of native memory. Sums are taken in
 * rank order, so that they have the same bits on every rank and in every run.
 */
package io.kiln.kvstore.collective;
