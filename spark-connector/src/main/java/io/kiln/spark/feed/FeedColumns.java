package io.kiln.spark.feed;

import java.io.Serializable;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of a DataFrame that a fit reads, by the names that {@link FeedColumn} resolves.
 *
 * @param features the features' columns
 * @param label name of the label's column
 * @param weight name of the column of sample weights; empty for none
 * @param validation name of the boolean column that marks validation rows; empty for none
 */
public record FeedColumns(FeatureColumns features, String label, String weight, String validation)
        implements Serializable {

    /**
     * Binds columns by name and checks their types.
     *
     * @param schema the DataFrame's schema
     * @param features the features' columns
     * @param label name of the label's column
     * @param weight name of the column of sample weights; empty for none
     * @param validation name of the column that marks validation rows; empty for none
     * @return the binding
     * @throws IllegalArgumentException if a column is missing or has the wrong type
     */
    public static FeedColumns bind(
            StructType schema, FeatureColumns features, String label, String weight, String validation) {
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
        return new FeedColumns(features, label, weight, validation);
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
}
