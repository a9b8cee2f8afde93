package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The required form of the rows of a fit.
 *
 * @param fields what the network reads, in order
 * @param label name of the label's column; empty for none
 * @param weight name of the column of sample weights; empty for none
 * @param validation name of the boolean column that marks validation rows; empty for none
 * @param labels the allowed labels
 * @param skipInvalid whether rows with a feature, label or weight that is null, NaN or infinite are skipped instead of
 *     rejected
 */
public record FeedSpec(
        List<Field> fields, String label, String weight, String validation, Labels labels, boolean skipInvalid)
        implements Serializable {
    /** Makes the list unmodifiable and checks the fields. */
    public FeedSpec {
        fields = List.copyOf(fields);
        for (Field f : fields) {
            if (f.width() < 1) {
                throw new IllegalArgumentException(f.what() + ": a row needs at least 1 feature, got " + f.width());
            }
        }
    }

    /**
     * The rows of a network with one input, the features.
     *
     * @param columns the columns
     * @param width features per row
     * @param labels the allowed labels
     * @param skipInvalid whether rows with a feature, label or weight that is null, NaN or infinite are skipped instead
     *     of rejected
     */
    public FeedSpec(FeedColumns columns, int width, Labels labels, boolean skipInvalid) {
        this(
                List.of(columns.features().field(width)),
                columns.label(),
                columns.weight(),
                columns.validation(),
                labels,
                skipInvalid);
    }

    /**
     * The rows of a network with one input, the features; invalid rows are rejected.
     *
     * @param columns the columns
     * @param width features per row
     * @param labels the allowed labels
     */
    public FeedSpec(FeedColumns columns, int width, Labels labels) {
        this(columns, width, labels, false);
    }

    /** These rows for tasks, with access to the files that columns name, and to vocabularies in executors. */
    FeedSpec inTasks(ColumnFiles files, SentTexts texts, SparkSession session) {
        List<Field> readable =
                fields.stream().map(f -> texts.in(f.with(files), session)).toList();
        return new FeedSpec(readable, label, weight, validation, labels, skipInvalid);
    }

    /**
     * Selects the columns that are read: those of the fields, then label, weight and validation if present. They are
     * read unchanged, because any expression would make Spark copy the whole row once more.
     *
     * @param data the whole DataFrame
     * @return the input of {@link RowPacker}
     */
    Dataset<Row> project(Dataset<?> data) {
        List<Column> all = new ArrayList<>();
        fields.forEach(f -> all.addAll(f.of(data)));
        for (String name : List.of(label, weight, validation)) {
            if (!name.isEmpty()) {
                all.add(FeedColumn.find(data.schema(), "column", name).of(data));
            }
        }
        return data.select(all.toArray(new Column[0]));
    }
}
