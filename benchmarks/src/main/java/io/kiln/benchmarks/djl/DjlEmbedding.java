package io.kiln.benchmarks.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Embedding;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.kiln.benchmarks.net.Layer;

/** Looks one column of row numbers up in a table; DJL's own embeddings want items and not numbers. */
final class DjlEmbedding extends AbstractBlock {

    private final int rows;
    private final int dimension;
    private final int column;
    private final Parameter table;

    DjlEmbedding(Layer.Embeddings tables, int column) {
        rows = tables.rows();
        dimension = tables.dimension();
        this.column = column;
        table = addParameter(Parameter.builder()
                .setName("table")
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(rows, dimension))
                .build());
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> options) {
        NDArray all = inputs.head();
        NDArray row = all.get(new NDIndex(":, " + column)).toType(DataType.INT64, false);
        return Embedding.embedding(row, store.getValue(table, all.getDevice(), training), SparseFormat.DENSE);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return new Shape[] {new Shape(inputs[0].get(0), dimension)};
    }
}
