package io.kiln.view;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Places the boxes of a directed acyclic graph in layers, so that arrows lead downwards, few of them cross and most are
 * straight. Source: K. Sugiyama, S. Tagawa, M. Toda: Methods for visual understanding of hierarchical system
 * structures, 1981; layers by longest path, order by barycentres, coordinates by sweeps of least squares with minimum
 * distances.
 */
final class LayeredLayout {
    private static final int SWEEPS = 12;
    private static final double GAP = 28;
    private static final double LANE = 14;

    /** A box, or a point where an arrow passes a layer. */
    private static final class Item {
        final int box;
        final double width;
        final List<Item> up = new ArrayList<>();
        final List<Item> down = new ArrayList<>();
        double order;
        double x;

        Item(int box, double width) {
            this.box = box;
            this.width = width;
        }

        boolean isPoint() {
            return box < 0;
        }
    }

    private final List<List<Item>> layers = new ArrayList<>();
    private final Item[] items;
    private final int[] layerOf;
    private final List<List<Item>> routes = new ArrayList<>();

    LayeredLayout(double[] widths, List<Diagram.Arrow> arrows) {
        layerOf = new int[widths.length];
        // Arrows lead from earlier to later boxes: one pass in order of their ends finds the longest paths.
        arrows.stream()
                .sorted(Comparator.comparingInt(Diagram.Arrow::to))
                .forEach(a -> layerOf[a.to()] = Math.max(layerOf[a.to()], layerOf[a.from()] + 1));
        items = new Item[widths.length];
        for (int i = 0; i < widths.length; i++) {
            items[i] = new Item(i, widths[i]);
            layer(layerOf[i]).add(items[i]);
        }
        for (Diagram.Arrow a : arrows) {
            route(a);
        }
        order();
        place();
    }

    private List<Item> layer(int i) {
        while (layers.size() <= i) {
            layers.add(new ArrayList<>());
        }
        return layers.get(i);
    }

    private void route(Diagram.Arrow a) {
        List<Item> route = new ArrayList<>();
        Item last = items[a.from()];
        route.add(last);
        for (int l = layerOf[a.from()] + 1; l <= layerOf[a.to()]; l++) {
            Item next = l == layerOf[a.to()] ? items[a.to()] : new Item(-1, LANE);
            if (next.isPoint()) {
                layer(l).add(next);
            }
            last.down.add(next);
            next.up.add(last);
            route.add(next);
            last = next;
        }
        routes.add(route);
    }

    private void order() {
        for (List<Item> layer : layers) {
            number(layer);
        }
        List<List<Item>> best = copy();
        long fewest = crossings();
        for (int sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
            boolean downwards = sweep % 2 == 0;
            for (int i = 0; i < layers.size(); i++) {
                List<Item> layer = layers.get(downwards ? i : layers.size() - 1 - i);
                for (Item item : layer) {
                    item.order = barycentre(downwards ? item.up : item.down, item.order);
                }
                layer.sort(Comparator.comparingDouble((Item t) -> t.order));
                number(layer);
            }
            long now = crossings();
            if (now < fewest) {
                fewest = now;
                best = copy();
            }
        }
        for (int i = 0; i < layers.size(); i++) {
            layers.set(i, best.get(i));
            number(best.get(i));
        }
    }

    private List<List<Item>> copy() {
        List<List<Item>> copy = new ArrayList<>();
        layers.forEach(l -> copy.add(new ArrayList<>(l)));
        return copy;
    }

    private static void number(List<Item> layer) {
        for (int i = 0; i < layer.size(); i++) {
            layer.get(i).order = i;
        }
    }

    private static double barycentre(List<Item> neighbours, double otherwise) {
        return neighbours.stream().mapToDouble(n -> n.order).average().orElse(otherwise);
    }

    private long crossings() {
        long n = 0;
        for (List<Item> layer : layers) {
            List<double[]> edges = new ArrayList<>();
            layer.forEach(a -> a.down.forEach(b -> edges.add(new double[] {a.order, b.order})));
            for (int i = 0; i < edges.size(); i++) {
                for (int k = i + 1; k < edges.size(); k++) {
                    n += (edges.get(i)[0] - edges.get(k)[0]) * (edges.get(i)[1] - edges.get(k)[1]) < 0 ? 1 : 0;
                }
            }
        }
        return n;
    }

    private void place() {
        for (List<Item> layer : layers) {
            spread(layer, new double[layer.size()]);
        }
        for (int sweep = 0; sweep < 2 * SWEEPS; sweep++) {
            boolean downwards = sweep % 2 == 0;
            for (int i = 0; i < layers.size(); i++) {
                List<Item> layer = layers.get(downwards ? i : layers.size() - 1 - i);
                double[] wish = new double[layer.size()];
                for (int k = 0; k < wish.length; k++) {
                    Item item = layer.get(k);
                    wish[k] = wish(item, sweep < SWEEPS ? downwards ? item.up : item.down : List.of());
                }
                spread(layer, wish);
            }
        }
        double left = layers.stream()
                .flatMap(List::stream)
                .mapToDouble(t -> t.x - t.width / 2)
                .min()
                .orElse(0);
        layers.forEach(l -> l.forEach(t -> t.x -= left));
    }

    private static double wish(Item item, List<Item> side) {
        List<Item> look = side;
        if (look.isEmpty()) {
            look = new ArrayList<>(item.up);
            look.addAll(item.down);
        }
        return look.stream().mapToDouble(n -> n.x).average().orElse(item.x);
    }

    /**
     * Places the items of a layer as close to their desired positions as their order and the gaps allow: least squares
     * with monotonicity, by pooling adjacent violators.
     */
    private static void spread(List<Item> layer, double[] wish) {
        int n = layer.size();
        double[] offset = new double[n];
        for (int i = 1; i < n; i++) {
            double gap = layer.get(i).isPoint() || layer.get(i - 1).isPoint() ? LANE : GAP;
            offset[i] = offset[i - 1] + (layer.get(i - 1).width + layer.get(i).width) / 2 + gap;
        }
        double[] value = new double[n];
        double[] weight = new double[n];
        int[] size = new int[n];
        int blocks = 0;
        for (int i = 0; i < n; i++) {
            value[blocks] = wish[i] - offset[i];
            weight[blocks] = 1;
            size[blocks++] = 1;
            while (blocks > 1 && value[blocks - 2] > value[blocks - 1]) {
                double w = weight[blocks - 2] + weight[blocks - 1];
                value[blocks - 2] =
                        (value[blocks - 2] * weight[blocks - 2] + value[blocks - 1] * weight[blocks - 1]) / w;
                weight[blocks - 2] = w;
                size[blocks - 2] += size[blocks - 1];
                blocks--;
            }
        }
        for (int b = 0, i = 0; b < blocks; b++) {
            for (int k = 0; k < size[b]; k++, i++) {
                layer.get(i).x = value[b] + offset[i];
            }
        }
    }

    /** The number of layers. */
    int layers() {
        return layers.size();
    }

    /** The layer of a box. */
    int layerOf(int box) {
        return layerOf[box];
    }

    /** The centre of a box. */
    double x(int box) {
        return items[box].x;
    }

    /** The right end of all. */
    double width() {
        return layers.stream()
                .flatMap(List::stream)
                .mapToDouble(t -> t.x + t.width / 2)
                .max()
                .orElse(0);
    }

    /** The points where an arrow passes the layers, from its start to its end. */
    double[] route(int arrow) {
        return routes.get(arrow).stream().mapToDouble(t -> t.x).toArray();
    }
}
