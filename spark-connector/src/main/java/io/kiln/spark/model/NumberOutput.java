package io.kiln.spark.model;

/** The column of a regressor: the network's only output. */
public record NumberOutput() implements Output {
    @Override
    public Object[] values(float[] outputs, int start, int count) {
        return new Object[] {(double) outputs[start]};
    }
}
