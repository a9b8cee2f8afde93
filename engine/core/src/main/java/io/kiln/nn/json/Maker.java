package io.kiln.nn.json;

import io.kiln.nn.Block;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The ways to create objects of a class: constructors and a {@code builder()}, or one static factory, each followed by
 * fluent setters and, for a builder, by {@code build()}.
 *
 * @param type the class
 * @param factory name of the static factory, or null for constructors and builder
 */
record Maker(Class<?> type, String factory) {
    private static final String BUILDER = "builder";
    private static final String BUILD = "build";

    /** Static factories of layers, except for their builder. */
    static List<Method> factories(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(m -> Modifier.isStatic(m.getModifiers()) && Modifier.isPublic(m.getModifiers()))
                .filter(m -> !m.getName().equals(BUILDER) && Block.class.isAssignableFrom(built(m.getReturnType())))
                .sorted(Comparator.comparing(Method::getName).thenComparing(Method::getParameterCount))
                .toList();
    }

    /** The final type of an object: what {@code build()} returns, or its own class. */
    private static Class<?> built(Class<?> type) {
        return builds(type).<Class<?>>map(Method::getReturnType).orElse(type);
    }

    private static Optional<Method> builds(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(m -> m.getName().equals(BUILD) && m.getParameterCount() == 0 && !m.isBridge())
                .findFirst();
    }

    boolean exists() {
        return !starts().isEmpty();
    }

    /** The constructors or static methods to start with. */
    List<Executable> starts() {
        List<Executable> all = new ArrayList<>();
        for (Method m : type.getDeclaredMethods()) {
            boolean settings = factory == null
                    && (m.getName().equals(BUILDER) || m.getName().equals("of") && !isLayer());
            if ((settings || m.getName().equals(factory))
                    && Modifier.isStatic(m.getModifiers())
                    && Modifier.isPublic(m.getModifiers())) {
                all.add(m);
            }
        }
        if (factory == null && Modifier.isPublic(type.getModifiers()) && !Modifier.isAbstract(type.getModifiers())) {
            all.addAll(List.of(type.getConstructors()));
        }
        all.removeIf(e -> !Arrays.stream(e.getParameters()).allMatch(p -> Values.isReadable(p.getParameterizedType())));
        all.sort(Comparator.comparingInt(Executable::getParameterCount).thenComparing(Executable::toString));
        return all;
    }

    private boolean isLayer() {
        return factories(type).stream().anyMatch(m -> m.getName().equals("of"));
    }

    /**
     * Fluent setters of a class by name: they return the class and take one argument, or none, which is {@code true} in
     * JSON.
     */
    static List<Method> setters(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(m -> !Modifier.isStatic(m.getModifiers()) && !m.isBridge() && m.getParameterCount() <= 1)
                .filter(m -> m.getReturnType() != Object.class
                        && m.getReturnType() != Block.class
                        && m.getReturnType().isAssignableFrom(type))
                .filter(m -> Arrays.stream(m.getGenericParameterTypes())
                        .allMatch(t -> t != Block.class && Values.isReadable(t)))
                .sorted(Comparator.comparing(Method::getName))
                .toList();
    }

    static Class<?> result(Executable start) {
        return start instanceof Method m ? m.getReturnType() : ((Constructor<?>) start).getDeclaringClass();
    }

    static Object finish(Object made) throws ReflectiveOperationException {
        Optional<Method> build = builds(made.getClass());
        return build.isPresent() ? build.get().invoke(made) : made;
    }

    List<BlockCatalog.Form> forms() {
        List<BlockCatalog.Form> forms = new ArrayList<>();
        for (Executable start : starts()) {
            List<BlockCatalog.Argument> required = new ArrayList<>();
            for (Parameter p : start.getParameters()) {
                required.add(new BlockCatalog.Argument(p.getName(), Values.describe(p.getParameterizedType())));
            }
            List<BlockCatalog.Argument> optional = new ArrayList<>();
            for (Method m : setters(result(start))) {
                optional.add(new BlockCatalog.Argument(
                        m.getName(),
                        m.getParameterCount() == 0 ? "bool" : Values.describe(m.getGenericParameterTypes()[0])));
            }
            forms.add(new BlockCatalog.Form(required, optional));
        }
        return forms;
    }
}
