package io.kiln.compile;

import io.kiln.ndarray.NDArray;

/** Removes nodes with unused results. Random operators stay: each makes its draw, as in eager execution. */
final class DeadNodes implements Pass {
    @Override
    public Program run(Program program) {
        boolean[] alive = Segments.alive(program);
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < alive.length; i++) {
                if (alive[i]) {
                    replay.keep(i);
                } else {
                    replay.set(i, new NDArray[0]);
                }
            }
            return replay.build();
        }
    }
}
