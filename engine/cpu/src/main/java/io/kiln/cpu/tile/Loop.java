package io.kiln.cpu.tile;

/**
 * Several steps over tiles in one pass, as {@link LoopCompiler} generates them.
 *
 * <p>Concurrency: stateless.
 */
interface Loop {
    /**
     * Runs the steps over the first elements.
     *
     * @param tiles the tiles of the lanes: {@code float[][]} or {@code double[][]}
     * @param uniforms their uniforms, of the same type, each in an array of one element
     * @param count number of elements
     */
    void run(Object tiles, Object uniforms, int count);
}
