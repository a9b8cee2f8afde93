package io.kiln.nn.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.nn.Block;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Creates objects from named arguments.
 *
 * @param place path to the object in the JSON, for messages
 * @param depth its nesting depth
 */
record Calls(String place, int depth) {

    Object make(Maker maker, JsonNode arguments) {
        ObjectNode named;
        if (arguments instanceof ArrayNode list) {
            named = JsonNodeFactory.instance.objectNode().set(listed(maker), list);
        } else if (arguments instanceof ObjectNode object) {
            named = object;
        } else {
            throw new IllegalArgumentException(
                    "%s: expected an object with the layer's arguments, got %s".formatted(place, arguments));
        }
        Executable start = choose(maker, named);
        try {
            return Maker.finish(set(begin(start, named), start, named));
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(place + ": " + e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(place + ": cannot call " + start, e);
        }
    }

    /** The parameter that takes a list of layers. */
    private String listed(Maker maker) {
        return maker.starts().stream()
                .filter(s -> s.getParameterCount() == 1 && s.getParameterTypes()[0] == Block[].class)
                .map(s -> s.getParameters()[0].getName())
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException(place + ": does not take a list of layers; " + accepted(maker)));
    }

    /** The constructor or factory that takes the most of the given arguments, among those that accept all of them. */
    private Executable choose(Maker maker, ObjectNode named) {
        Executable best = null;
        for (Executable start : maker.starts()) {
            Set<String> left = new HashSet<>();
            named.fieldNames().forEachRemaining(left::add);
            boolean complete = true;
            for (Parameter p : start.getParameters()) {
                complete &= left.remove(p.getName());
            }
            if (complete
                    && left.stream().allMatch(name -> setter(start, name).isPresent())
                    && (best == null || start.getParameterCount() > best.getParameterCount())) {
                best = start;
            }
        }
        if (best == null) {
            List<String> given = new ArrayList<>();
            named.fieldNames().forEachRemaining(given::add);
            throw new IllegalArgumentException(
                    "%s: no form takes the arguments %s; %s".formatted(place, given, accepted(maker)));
        }
        return best;
    }

    private static Optional<Method> setter(Executable start, String name) {
        return Maker.setters(Maker.result(start)).stream()
                .filter(m -> m.getName().equals(name))
                .findFirst();
    }

    private static String accepted(Maker maker) {
        return maker.forms().stream()
                .map(f -> "{" + names(f.required())
                        + (f.optional().isEmpty()
                                ? ""
                                : (f.required().isEmpty() ? "" : ", ") + "[" + names(f.optional()) + "]")
                        + "}")
                .collect(Collectors.joining(" or ", "it takes ", ""));
    }

    private static String names(List<BlockCatalog.Argument> arguments) {
        return arguments.stream().map(a -> a.name() + ": " + a.type()).collect(Collectors.joining(", "));
    }

    private Object begin(Executable start, ObjectNode named) throws ReflectiveOperationException {
        Parameter[] parameters = start.getParameters();
        Object[] values = new Object[parameters.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(parameters[i].getParameterizedType(), parameters[i].getName(), named);
        }
        return start instanceof Method m ? m.invoke(null, values) : ((Constructor<?>) start).newInstance(values);
    }

    private Object set(Object begun, Executable start, ObjectNode named) throws ReflectiveOperationException {
        Set<String> used = new HashSet<>();
        for (Parameter p : start.getParameters()) {
            used.add(p.getName());
        }
        Object made = begun;
        List<String> names = new ArrayList<>();
        named.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            if (!used.contains(name)) {
                Method m = setter(start, name).orElseThrow();
                if (m.getParameterCount() == 1) {
                    made = m.invoke(made, value(m.getGenericParameterTypes()[0], name, named));
                } else if ((boolean) value(boolean.class, name, named)) {
                    made = m.invoke(made);
                }
            }
        }
        return made;
    }

    private Object value(Type type, String name, ObjectNode named) {
        return Values.read(type, named.get(name), place + "." + name, depth);
    }
}
