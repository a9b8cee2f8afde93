package io.kiln.spark.feed;

import io.kiln.graph.KnownRecords;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Spec;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructType;

/**
 * Binds columns to the inputs of a network. Components have the names of the Params that set them.
 *
 * @param inputCols the columns
 * @param inputNames the input that each column feeds; several columns of numbers, vectors and
 *     arrays may feed one; empty: the network's inputs
 *     in order, or its only one
 * @param inputTypes dtype and shape of the input that each column feeds, such as {@code float32[1,28,28]}; empty: as
 *     the network declares them, or as the columns have them
 * @param maxLength elements after which sequences are truncated; 0 for no limit
 * @param lengthBuckets lengths to which sequences are padded; empty for some
 * @param conversion how values become numbers
 */
public record InputBinding(
        List<String> inputCols,
        List<String> inputNames,
        List<String> inputTypes,
        int maxLength,
        List<Integer> lengthBuckets,
        Conversion conversion)
        implements Serializable {
    private static final String LENGTH = "_length";
    private static final String MASK = "_mask";

    /**
     * The input that takes the lengths of another one's sequences.
     *
     * @param input the name of the other
     * @return its name
     */
    public static String lengthOf(String input) {
        return input + LENGTH;
    }

    /** Makes the lists unmodifiable and checks their sizes. */
    public InputBinding {
        inputCols = List.copyOf(inputCols);
        inputNames = List.copyOf(inputNames);
        inputTypes = List.copyOf(inputTypes);
        lengthBuckets = lengthBuckets.stream().sorted().toList();
        if (inputCols.isEmpty()) {
            throw new IllegalArgumentException("inputCols: no column feeds the network; set at least one");
        }
        sameSize("inputNames", inputNames, inputCols);
        sameSize("inputTypes", inputTypes, inputCols);
        sameSize("inputScales", conversion.inputScales(), inputCols);
    }

    private static void sameSize(String param, List<?> list, List<String> columns) {
        if (!list.isEmpty() && list.size() != columns.size()) {
            throw new IllegalArgumentException("%s: has %d entries, inputCols has %d %s; give one for each column"
                    .formatted(param, list.size(), columns.size(), columns));
        }
    }

    /**
     * What is known of a network's inputs.
     *
     * @param names their names; empty for a block with a single input of any name
     * @param declared their specs, for a graph; empty for a block, which accepts several
     */
    public record Known(List<String> names, Map<String, Spec> declared) {
        boolean mayOmitLast() {
            return declared.isEmpty();
        }

        /**
         * The inputs that columns feed.
         *
         * @return their names, without those that take the lengths or the mask of another
         */
        public List<String> fed() {
            return names.stream().filter(n -> !isCompanion(n, names)).toList();
        }

        /**
         * The inputs but for one, and what takes its lengths or its mask.
         *
         * @param name the one
         * @return the others
         */
        public Known without(String name) {
            List<String> others = names.stream()
                    .filter(n -> !n.equals(name) && !n.equals(name + LENGTH) && !n.equals(name + MASK))
                    .toList();
            Map<String, Spec> specs = new LinkedHashMap<>(declared);
            specs.keySet().retainAll(others);
            return new Known(others, specs);
        }
    }

    /**
     * Binds the columns.
     *
     * @param schema the DataFrame's schema
     * @param known what is known of the network's inputs
     * @param widths the length of the first row's array or vector in a column; empty if the data cannot be read yet
     * @return the inputs; empty if a width is needed and cannot be read yet
     * @throws IllegalArgumentException if a column is missing or has a type that its input cannot take, or an input has
     *     no column
     */
    public Optional<NetworkInputs> bind(StructType schema, Known known, Function<FeedColumn, OptionalInt> widths) {
        Map<String, List<Integer>> columnsOf = group(known.names());
        List<String> order = known.names().isEmpty() ? List.copyOf(columnsOf.keySet()) : order(known, columnsOf);
        List<NetworkInputs.Slot> slots = new ArrayList<>();
        List<Field> fields = new ArrayList<>();
        Map<String, Integer> fieldOf = new LinkedHashMap<>();
        for (String name : order) {
            if (columnsOf.containsKey(name)) {
                boolean sequence = order.contains(name + LENGTH) || order.contains(name + MASK);
                Optional<FieldType> type = type(schema, name, columnsOf.get(name), known, sequence, widths);
                if (type.isEmpty()) {
                    return Optional.empty();
                }
                fieldOf.put(name, fields.size());
                fields.add(type.get().field());
            }
        }
        for (String name : order) {
            Spec declared = known.declared().get(name);
            if (fieldOf.containsKey(name)) {
                Field f = fields.get(fieldOf.get(name));
                DType dtype = f.dtype() == DType.UINT8 ? networkType(columnsOf.get(name), declared) : f.dtype();
                slots.add(new NetworkInputs.Slot(
                        name, NetworkInputs.Source.VALUES, fieldOf.get(name), dtype, f.rowShape()));
            } else {
                slots.add(companion(name, fieldOf, fields, declared));
            }
        }
        return Optional.of(new NetworkInputs(slots, fields, scales(slots, fields, columnsOf, known)));
    }

    /**
     * The fields whose texts must be counted before rows can be packed.
     *
     * @param schema the DataFrame's schema
     * @param known what is known of the network's inputs
     * @return the fields of texts without a vocabulary, by input
     */
    public Map<String, Field> uncounted(StructType schema, Known known) {
        Map<String, Field> fields = new LinkedHashMap<>();
        group(known.names()).forEach((name, columns) -> {
            boolean text = TypeText.read(name, text(columns)).coding() instanceof TextCoding c && c.isToBeCounted();
            if (text && !conversion.vocabularies().containsKey(name)) {
                boolean sequence =
                        known.names().contains(name + LENGTH) || known.names().contains(name + MASK);
                type(schema, name, columns, known, sequence, c -> OptionalInt.empty())
                        .ifPresent(t -> fields.put(name, t.field()));
            }
        });
        return fields;
    }

    /** The factor on each field. */
    private List<Double> scales(
            List<NetworkInputs.Slot> slots, List<Field> fields, Map<String, List<Integer>> columnsOf, Known known) {
        List<Double> scales = new ArrayList<>(Collections.nCopies(fields.size(), 1.0));
        boolean used = false;
        for (NetworkInputs.Slot s : slots) {
            if (s.source() != NetworkInputs.Source.VALUES) {
                continue;
            }
            boolean bytes = fields.get(s.field()).dtype() == DType.UINT8 && s.dtype() == DType.FLOAT32;
            if (conversion.inputScales().isEmpty()) {
                scales.set(s.field(), bytes ? conversion.inputScale() : 1);
                used |= bytes;
                continue;
            }
            double scale = scale(s.name(), columnsOf.get(s.name()));
            if (scale != 1 && s.dtype() != DType.FLOAT32) {
                throw new IllegalArgumentException(
                        "inputScales: is %s for input %s, which takes %s; only float32 can be scaled, set it to 1"
                                .formatted(scale, s.name(), s.dtype()));
            }
            scales.set(s.field(), scale);
        }
        if (conversion.inputScales().isEmpty()
                && conversion.inputScale() != 1
                && !used
                && slots.size() == known.names().size()) {
            throw new IllegalArgumentException(
                    "inputScale: is %s, but no input is read from a binary column; unset it, or scale the columns"
                            .formatted(conversion.inputScale()));
        }
        return scales;
    }

    private double scale(String input, List<Integer> columns) {
        List<Double> scales =
                columns.stream().map(conversion.inputScales()::get).distinct().toList();
        if (scales.size() > 1) {
            throw new IllegalArgumentException(
                    "inputScales: are %s for columns %s, which feed input %s together; give them the same, or scale the columns"
                            .formatted(
                                    scales, columns.stream().map(inputCols::get).toList(), input));
        }
        return scales.get(0);
    }

    /**
     * The inputs that a column feeds.
     *
     * @param column the column, as in inputCols
     * @param known what is known of the network's inputs
     * @return their names
     */
    public List<String> inputsOf(String column, Known known) {
        return group(known.names()).entrySet().stream()
                .filter(e ->
                        e.getValue().stream().anyMatch(i -> inputCols.get(i).equals(column)))
                .map(Map.Entry::getKey)
                .toList();
    }

    /**
     * The same with texts that have been counted.
     *
     * @param counted the texts by input
     * @return the binding
     */
    public InputBinding with(Map<String, List<String>> counted) {
        return new InputBinding(inputCols, inputNames, inputTypes, maxLength, lengthBuckets, conversion.with(counted));
    }

    /**
     * The binding of a part of a network.
     *
     * @param all the inputs of the network
     * @param needed the inputs of the part
     * @return this binding without the columns that the part does not need
     */
    public InputBinding only(Known all, List<String> needed) {
        List<Integer> kept = new ArrayList<>();
        List<String> names = new ArrayList<>();
        Map<Integer, String> nameOf = new LinkedHashMap<>();
        group(all.names()).forEach((name, columns) -> columns.forEach(i -> nameOf.put(i, name)));
        for (int i = 0; i < inputCols.size(); i++) {
            String name = nameOf.get(i);
            boolean lengthsOnly = needed.contains(name + LENGTH) || needed.contains(name + MASK);
            if (needed.contains(name) || lengthsOnly) {
                kept.add(i);
                names.add(name);
            }
        }
        return new InputBinding(
                kept.stream().map(inputCols::get).toList(),
                names,
                inputTypes.isEmpty()
                        ? List.of()
                        : kept.stream().map(inputTypes::get).toList(),
                maxLength,
                lengthBuckets,
                conversion.only(kept));
    }

    /** The indices of the columns of each input. */
    private Map<String, List<Integer>> group(List<String> known) {
        List<String> needed = new Known(known, Map.of()).fed();
        List<String> names = inputNames;
        if (names.isEmpty()) {
            if (needed.size() > 1 && needed.size() != inputCols.size()) {
                throw new IllegalArgumentException(
                        "inputNames: the network has inputs %s, inputCols has %d columns %s; say with inputNames which column feeds which input"
                                .formatted(needed, inputCols.size(), inputCols));
            }
            names = needed.size() > 1
                    ? needed
                    : inputCols.stream()
                            .map(c -> needed.isEmpty() ? "input" : needed.get(0))
                            .toList();
        }
        Map<String, List<Integer>> columns = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (!known.isEmpty() && !known.contains(name)) {
                throw new IllegalArgumentException("inputNames: the network has no input \"%s\"%s"
                        .formatted(name, KnownRecords.suggestion(name, known)));
            }
            columns.computeIfAbsent(name, n -> new ArrayList<>()).add(i);
        }
        return columns;
    }

    private static boolean isCompanion(String name, List<String> known) {
        return name.endsWith(LENGTH) && known.contains(base(name, LENGTH))
                || name.endsWith(MASK) && known.contains(base(name, MASK));
    }

    private static String base(String name, String suffix) {
        return name.substring(0, name.length() - suffix.length());
    }

    /** The network's inputs; a block may be called without the last ones. */
    private List<String> order(Known known, Map<String, List<Integer>> columnsOf) {
        List<String> order = new ArrayList<>();
        for (int i = 0; i < known.names().size(); i++) {
            String name = known.names().get(i);
            if (columnsOf.containsKey(name) || isCompanion(name, known.names())) {
                order.add(name);
                continue;
            }
            boolean last =
                    known.names().subList(i, known.names().size()).stream().noneMatch(columnsOf::containsKey);
            if (known.mayOmitLast() && last && !order.isEmpty()) {
                break;
            }
            throw new IllegalArgumentException(
                    "inputCols: no column feeds input \"%s\" of the network; add one and name the input in inputNames (inputs: %s)"
                            .formatted(name, known.names()));
        }
        return order;
    }

    private Optional<FieldType> type(
            StructType schema,
            String name,
            List<Integer> columns,
            Known known,
            boolean sequence,
            Function<FeedColumn, OptionalInt> widths) {
        List<FeedColumn> found = columns.stream()
                .map(i -> FeedColumn.find(schema, "inputCols", inputCols.get(i)))
                .toList();
        TypeText stated = TypeText.read(name, text(columns));
        FieldType.Sequences sequences = new FieldType.Sequences(sequence, maxLength, lengthBuckets);
        Spec declared = known.declared().get(name);
        if (CodedField.applies(stated, found.get(0))) {
            if (found.size() > 1) {
                throw new IllegalArgumentException(
                        "inputNames: columns %s feed input %s together, which is possible for numbers only; give images and texts inputs of their own"
                                .formatted(found.stream().map(FeedColumn::name).toList(), name));
            }
            return Optional.of(
                    new FieldType(CodedField.of(name, found.get(0), stated, declared, sequences, conversion)));
        }
        checkJoinedLengths(name, found, stated, declared);
        return FieldType.of("input " + name, found, stated, declared, sequences, widths);
    }

    /** Rejects lengths for arrays of several columns, which are joined and so have one length, unless their shape is stated. */
    private void checkJoinedLengths(String name, List<FeedColumn> columns, TypeText stated, Spec declared) {
        boolean open = stated.shape() == null && declared == null;
        boolean arrays = columns.stream().anyMatch(c -> c.field().dataType() instanceof ArrayType);
        if (columns.size() > 1 && open && arrays && (maxLength > 0 || !lengthBuckets.isEmpty())) {
            throw new IllegalArgumentException(
                    "%s: input %s is fed by columns %s together, whose arrays are joined and have one length each; unset it, state the shape of the input in inputTypes, such as float32[6], or give each sequence an input of its own"
                            .formatted(
                                    maxLength > 0 ? "maxLength" : "lengthBuckets",
                                    name,
                                    columns.stream().map(FeedColumn::name).toList()));
        }
    }

    private String text(List<Integer> columns) {
        return inputTypes.isEmpty()
                ? ""
                : columns.stream()
                        .map(inputTypes::get)
                        .filter(t -> !t.isBlank())
                        .findFirst()
                        .orElse("");
    }

    private DType networkType(List<Integer> columns, Spec declared) {
        DType stated = TypeText.read("", text(columns)).dtype();
        return stated != null ? stated : declared != null ? declared.dtype() : DType.FLOAT32;
    }

    private static NetworkInputs.Slot companion(
            String name, Map<String, Integer> fieldOf, List<Field> fields, Spec declared) {
        boolean lengths = name.endsWith(LENGTH);
        String base = base(name, lengths ? LENGTH : MASK);
        Field f = fieldOf.containsKey(base) ? fields.get(fieldOf.get(base)) : null;
        if (f == null || f.lengths() == null) {
            throw new IllegalArgumentException(
                    "input %s: gets the %s of input %s, which is not read from a column of sequences (%s); bind an array column to it, or a column of its own to %s"
                            .formatted(
                                    name,
                                    lengths ? "lengths" : "mask",
                                    base,
                                    f == null
                                            ? "it has no column"
                                            : f.types().get(0).catalogString(),
                                    name));
        }
        List<Long> shape = lengths ? List.of() : f.rowShape().subList(0, f.isNested() ? 2 : 1);
        if (declared != null && declared.shape().rank() != shape.size() + 1) {
            throw new IllegalArgumentException("input %s: gets the %s of input %s, of shape [N%s], the network takes %s"
                    .formatted(name, lengths ? "lengths" : "mask", base, lengths ? "" : ",T", declared));
        }
        DType dtype = declared != null ? declared.dtype() : lengths ? DType.INT32 : DType.FLOAT32;
        NetworkInputs.Source source = lengths ? NetworkInputs.Source.LENGTHS : NetworkInputs.Source.MASK;
        return new NetworkInputs.Slot(name, source, fieldOf.get(base), dtype, shape);
    }

    /**
     * The form of a target.
     *
     * @param dtype its dtype
     * @param rowShape shape of a row, -1 for sequences of different lengths
     * @param isSequence whether the first size is that of padded sequences
     */
    public record TargetForm(DType dtype, List<Long> rowShape, boolean isSequence) {}

    /**
     * The field of a target.
     *
     * @param output the output that it trains, for messages
     * @param columns its columns
     * @param form dtype and shape of a row
     * @param classes the allowed values; null for all
     * @return the field; its sequences are padded and truncated like those of inputs
     * @throws IllegalArgumentException if the columns do not hold such rows
     */
    public Field target(String output, List<FeedColumn> columns, TargetForm form, Field.Classes classes) {
        Field f = FieldType.of(
                        "target " + output,
                        columns,
                        new TypeText(form.dtype(), form.rowShape()),
                        null,
                        form.isSequence()
                                ? new FieldType.Sequences(false, maxLength, lengthBuckets)
                                : new FieldType.Sequences(false, 0, List.of()),
                        c -> OptionalInt.empty())
                .orElseThrow(() -> Joined.several("target " + output, Joined.unstated(columns)))
                .field();
        return new Field(f.what(), f.columns(), f.types(), f.dtype(), f.rowShape(), f.lengths(), classes, f.coding());
    }

    /**
     * Whether a column holds a single number or boolean.
     *
     * @param column the column
     * @return false for vectors and arrays
     */
    public static boolean isNumber(FeedColumn column) {
        return Numbers.isNumber(column.field().dataType());
    }
}
