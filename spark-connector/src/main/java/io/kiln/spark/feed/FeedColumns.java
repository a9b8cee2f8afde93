package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Which columns of a DataFrame a fit reads.
 *
 * @param features name of the features' column
 * @param type its kind
 * @param containsNull whether its arrays may contain nulls
 * @param label name of the label's column
 * @param weight name of the column of sample weights; empty for none
 * @param validation name of the boolean column that marks validation rows; empty for none
 */
public record FeedColumns(
        String features, FeatureType type, boolean containsNull, String label, String weight, String validation)
        implements Serializable {

    /**
     * Binds columns by name and checks their types.
     *
     * @param schema the DataFrame's schema
     * @param features name of the features' column
     * @param label name of the label's column
     * @param weight name of the column of sample weights; empty for none
     * @param validation name of the column that marks validation rows; empty for none
     * @return the binding
     * @throws IllegalArgumentException when a column is missing or of the wrong type
     */
    public static FeedColumns bind(StructType schema, String features, String label, String weight, String validation) {
        StructField f = field(schema, "featuresCol", features);
        FeatureType type = FeatureType.of(features, f.dataType());
        numeric(schema, "labelCol", label);
        if (!weight.isEmpty()) {
            numeric(schema, "weightCol", weight);
        }
        if (!validation.isEmpty()) {
            StructField v = field(schema, "validationIndicatorCol", validation);
            if (!(v.dataType() instanceof BooleanType)) {
                throw new IllegalArgumentException(
                        "validationIndicatorCol: column \"%s\" is of type %s; expected boolean, true for validation rows"
                                .formatted(validation, v.dataType().catalogString()));
            }
        }
        boolean nulls = f.dataType() instanceof org.apache.spark.sql.types.ArrayType a && a.containsNull();
        return new FeedColumns(features, type, nulls, label, weight, validation);
    }

    /**
     * Finds a column.
     *
     * @param schema the DataFrame's schema
     * @param param the Param that names the column, for the message
     * @param name the column's name
     * @return the column
     */
    public static StructField field(StructType schema, String param, String name) {
        if (!List.of(schema.fieldNames()).contains(name)) {
            throw new IllegalArgumentException("%s: there is no column \"%s\"; the DataFrame has %s"
                    .formatted(param, name, String.join(", ", schema.fieldNames())));
        }
        return schema.apply(name);
    }

    private static void numeric(StructType schema, String param, String name) {
        StructField f = field(schema, param, name);
        if (!(f.dataType() instanceof NumericType)) {
            throw new IllegalArgumentException("%s: column \"%s\" is of type %s; expected a number%s"
                    .formatted(
                            param,
                            name,
                            f.dataType().catalogString(),
                            param.equals("labelCol") ? ", index text labels with StringIndexer" : ""));
        }
    }

    /**
     * The number of features that the column's metadata tell.
     *
     * @param schema the DataFrame's schema
     * @return the number, or empty when nothing is told
     */
    public Optional<Integer> declaredWidth(StructType schema) {
        if (type != FeatureType.VECTOR) {
            return Optional.empty();
        }
        int size = AttributeGroup.fromStructField(schema.apply(features)).size();
        return size > 0 ? Optional.of(size) : Optional.empty();
    }

    /**
     * The columns that are read: features, label, and of weight and validation those that there are. They are read as they
     * are, for each expression among them would make Spark copy all of the row once more.
     *
     * @param data the whole DataFrame
     * @return what {@link RowPacker} reads
     */
    Dataset<Row> project(Dataset<?> data) {
        return data.select(Stream.of(features, label, weight, validation)
                .filter(name -> !name.isEmpty())
                .map(name -> data.col(quote(name)))
                .toArray(Column[]::new));
    }

    /**
     * Quotes a name, so that dots in it are part of it.
     *
     * @param name a column's name
     * @return the name in backticks
     */
    public static String quote(String name) {
        return "`" + name.replace("`", "``") + "`";
    }
}
