package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of a DataFrame that a fit reads, by the names that {@link FeedColumn} resolves.
 *
 * @param features name of the features' column
 * @param featuresType its type
 * @param label name of the label's column
 * @param weight name of the column of sample weights; empty for none
 * @param validation name of the boolean column that marks validation rows; empty for none
 */
public record FeedColumns(String features, DataType featuresType, String label, String weight, String validation)
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
     * @throws IllegalArgumentException if a column is missing or has the wrong type
     */
    public static FeedColumns bind(StructType schema, String features, String label, String weight, String validation) {
        DataType type = FeedColumn.find(schema, "featuresCol", features).field().dataType();
        FeatureType.of(features, type);
        number(schema, "labelCol", label);
        if (!weight.isEmpty()) {
            number(schema, "weightCol", weight);
        }
        if (!validation.isEmpty()) {
            StructField v = FeedColumn.find(schema, "validationIndicatorCol", validation)
                    .field();
            if (!(v.dataType() instanceof BooleanType)) {
                throw new IllegalArgumentException(
                        "validationIndicatorCol: column \"%s\" is of type %s; expected boolean, true for validation rows"
                                .formatted(validation, v.dataType().catalogString()));
            }
        }
        return new FeedColumns(features, type, label, weight, validation);
    }

    private static void number(StructType schema, String param, String name) {
        StructField f = FeedColumn.find(schema, param, name).field();
        if (!Numbers.isNumber(f.dataType())) {
            throw new IllegalArgumentException("%s: column \"%s\" is of type %s; expected a number or boolean%s"
                    .formatted(
                            param,
                            name,
                            f.dataType().catalogString(),
                            param.equals("labelCol") ? ", index text labels with StringIndexer" : ""));
        }
    }

    /**
     * Returns the kind of the features' column.
     *
     * @return the kind
     */
    public FeatureType type() {
        return FeatureType.of(features, featuresType);
    }

    /**
     * The number of features according to the column's type or metadata.
     *
     * @param schema the DataFrame's schema
     * @return the number, or empty if they do not state it
     */
    public Optional<Integer> declaredWidth(StructType schema) {
        return switch (type()) {
            case NUMBER -> Optional.of(1);
            case VECTOR -> {
                int size = AttributeGroup.fromStructField(
                                FeedColumn.find(schema, "featuresCol", features).field())
                        .size();
                yield size > 0 ? Optional.of(size) : Optional.empty();
            }
            default -> Optional.empty();
        };
    }

    /**
     * The features as a field.
     *
     * @param width features per row
     * @return uint8 for bytes, otherwise float32
     */
    Field field(int width) {
        DType dtype = type() == FeatureType.BYTES ? DType.UINT8 : DType.FLOAT32;
        return new Field(
                "features", List.of(features), List.of(featuresType), dtype, List.of((long) width), null, null);
    }
}
