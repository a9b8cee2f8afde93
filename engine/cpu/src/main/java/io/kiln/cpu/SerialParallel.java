package io.kiln.cpu;

/** Runs all parts on the calling thread, for {@code threads = 1}. */
final class SerialParallel implements Parallel {

    static final SerialParallel INSTANCE = new SerialParallel();

    private SerialParallel() {}

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public void run(int parts, PartBody body) {
        for (int part = 0; part < parts; part++) {
            body.run(part);
        }
    }
}
