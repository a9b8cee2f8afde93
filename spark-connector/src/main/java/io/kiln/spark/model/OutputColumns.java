package io.kiln.spark.model;

import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Adds a model's output columns to a schema. */
public final class OutputColumns {
    private OutputColumns() {}

    /**
     * Adds a column at the end.
     *
     * @param schema the schema
     * @param param the Param that names the column, for the message
     * @param name the column's name; empty for none
     * @param type its type
     * @return the schema with the column
     * @throws IllegalArgumentException if a column of that name exists
     */
    public static StructType append(StructType schema, String param, String name, DataType type) {
        return append(schema, param, name, type, false);
    }

    /**
     * Adds a column at the end.
     *
     * @param schema the schema
     * @param param the Param that names the column, for the message
     * @param name the column's name; empty for none
     * @param type its type
     * @param nullable whether it may hold nulls
     * @return the schema with the column
     * @throws IllegalArgumentException if a column of that name exists
     */
    public static StructType append(StructType schema, String param, String name, DataType type, boolean nullable) {
        if (name.isEmpty()) {
            return schema;
        }
        if (List.of(schema.fieldNames()).contains(name)) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" already exists; drop it or choose another name".formatted(param, name));
        }
        return schema.add(new StructField(name, type, nullable, Metadata.empty()));
    }
}
