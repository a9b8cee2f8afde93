package io.kiln.cpu.tile;

/**
 * One pass over a tile in a {@link FusedPlan}.
 *
 * @param step a load or a step that has its own loop; null for a generated loop
 * @param loop a generated loop over several steps, or null
 */
record Stage(TileStep step, Loop loop) {}
