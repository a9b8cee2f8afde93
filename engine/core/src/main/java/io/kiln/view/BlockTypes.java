package io.kiln.view;

import io.kiln.graph.Graph;
import io.kiln.nn.Block;
import io.kiln.nn.Lambda;
import java.util.LinkedHashMap;
import java.util.Map;

/** The class at each place of a network. */
final class BlockTypes {
    private BlockTypes() {}

    /** Class names by place; the outermost block has the empty place. */
    static Map<String, String> of(Block root) {
        Map<String, String> types = new LinkedHashMap<>();
        collect("", root, types);
        return types;
    }

    private static void collect(String place, Block block, Map<String, String> types) {
        String type = block.getClass().getSimpleName();
        types.put(place, type.isEmpty() ? "Block" : type);
        block.children().forEach((n, b) -> collect(place.isEmpty() ? n : place + "." + n, b, types));
    }

    /** The displayed type of a block with this last node: its class, or the operator if that is more informative. */
    static String type(String blockClass, Graph.Node last) {
        return blockClass == null || blockClass.equals(Lambda.class.getSimpleName())
                ? last.operator().name()
                : blockClass;
    }

    /** The place of the block that made a node. */
    static String place(String node) {
        int slash = node.lastIndexOf('/');
        return slash < 0 ? "" : node.substring(0, slash);
    }
}
