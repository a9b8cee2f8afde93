package io.kiln.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.zoo.InceptionV3;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.ResNet;
import io.kiln.nn.zoo.UNet;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class DiagramTest {
    private static Spec image(long channels, long size) {
        return new Spec(Shape.of(Shape.UNKNOWN, channels, size, size), DType.FLOAT32);
    }

    @Test
    void mermaidOfLeNetIsAChain() {
        assertEquals(
                """
                flowchart TD
                    n0(["input<br/>[?,1,28,28]"])
                    n1["<b>0</b><br/>Conv<br/>[?,32,28,28]"]
                    n2["<b>1</b><br/>Pool<br/>[?,32,14,14]"]
                    n3["<b>2</b><br/>Conv<br/>[?,64,10,10]"]
                    n4["<b>3</b><br/>Pool<br/>[?,64,5,5]"]
                    n5["<b>4</b><br/>Dense<br/>[?,512]"]
                    n6["<b>5</b><br/>Dense<br/>[?,10]"]
                    n7(["output<br/>[?,10]"])
                    n0 --> n1
                    n1 --> n2
                    n2 --> n3
                    n3 --> n4
                    n4 --> n5
                    n5 --> n6
                    n6 --> n7
                """,
                Diagram.of(LeNet.of(10), 1, image(1, 28)).toMermaid());
    }

    @Test
    void depthFoldsBlocks() {
        Block net = ResNet.v1(18).build();
        Diagram stages = Diagram.of(net, 1, image(3, 224));
        assertEquals(
                List.of("input", "stem", "stage1", "stage2", "stage3", "stage4", "pool", "classifier", "output"),
                stages.boxes().stream().map(Diagram.Box::title).toList());
        Diagram all = Diagram.of(net, 9, image(3, 224));
        // Three of the units have a projection, and all a rectifier behind the sum that is the unit's own operator.
        assertEquals(8, all.boxes().stream().filter(b -> b.type().equals("add")).count());
        assertEquals(
                20, all.boxes().stream().filter(b -> b.type().equals("Conv")).count());
    }

    @Test
    void everyBoxButDataIsReachedAndLeft() {
        Diagram d = Diagram.of(InceptionV3.of(10), 3, image(3, 299));
        for (int i = 0; i < d.boxes().size(); i++) {
            int box = i;
            Diagram.Kind kind = d.boxes().get(i).kind();
            assertTrue(kind == Diagram.Kind.INPUT || d.arrows().stream().anyMatch(a -> a.to() == box), "box " + box);
            assertTrue(kind == Diagram.Kind.OUTPUT || d.arrows().stream().anyMatch(a -> a.from() == box), "box " + box);
        }
    }

    @Test
    void svgIsWellFormedAndItsBoxesDoNotOverlap() throws Exception {
        Block net = new UNet(2, 8, 3);
        Diagram d = Diagram.of(net, 1, image(3, 64));
        Document svg = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(d.toSvg())));
        List<double[]> boxes = new ArrayList<>();
        NodeList rects = svg.getElementsByTagName("rect");
        for (int i = 0; i < rects.getLength(); i++) {
            Element r = (Element) rects.item(i);
            if (r.hasAttribute("rx")) {
                boxes.add(new double[] {number(r, "x"), number(r, "y"), number(r, "width"), number(r, "height")});
            }
        }
        assertEquals(d.boxes().size(), boxes.size());
        double width = Double.parseDouble(svg.getDocumentElement().getAttribute("width"));
        for (int i = 0; i < boxes.size(); i++) {
            double[] a = boxes.get(i);
            assertTrue(a[0] >= 0 && a[0] + a[2] <= width);
            for (double[] b : boxes.subList(0, i)) {
                boolean apart =
                        a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0] || a[1] + a[3] <= b[1] || b[1] + b[3] <= a[1];
                assertTrue(apart, "boxes overlap in the picture");
            }
        }
    }

    private static double number(Element e, String attribute) {
        return Double.parseDouble(e.getAttribute(attribute));
    }

    @Test
    void layoutLeadsArrowsDownAndKeepsDistancesInRandomGraphs() {
        Random random = new Random(4);
        for (int run = 0; run < 100; run++) {
            int n = 2 + random.nextInt(30);
            double[] widths = random.doubles(n, 40, 200).toArray();
            List<Diagram.Arrow> arrows = new ArrayList<>();
            for (int to = 1; to < n; to++) {
                arrows.add(new Diagram.Arrow(random.nextInt(to), to));
                if (random.nextInt(3) == 0 && to > 1) {
                    Diagram.Arrow more = new Diagram.Arrow(random.nextInt(to), to);
                    if (!arrows.contains(more)) {
                        arrows.add(more);
                    }
                }
            }
            LayeredLayout layout = new LayeredLayout(widths, arrows);
            for (Diagram.Arrow a : arrows) {
                assertTrue(layout.layerOf(a.from()) < layout.layerOf(a.to()));
            }
            for (int i = 0; i < n; i++) {
                assertTrue(
                        layout.x(i) - widths[i] / 2 >= -1e-9 && layout.x(i) + widths[i] / 2 <= layout.width() + 1e-9);
                for (int k = 0; k < i; k++) {
                    double gap = Math.abs(layout.x(i) - layout.x(k)) - (widths[i] + widths[k]) / 2;
                    assertTrue(layout.layerOf(i) != layout.layerOf(k) || gap > 10, "boxes too near");
                }
            }
        }
    }

    @Test
    void straightChainStaysStraight() {
        LayeredLayout layout = new LayeredLayout(
                new double[] {50, 90, 120},
                List.of(new Diagram.Arrow(0, 1), new Diagram.Arrow(1, 2), new Diagram.Arrow(0, 2)));
        assertEquals(3, layout.layers());
        assertEquals(layout.x(0), layout.route(0)[0]);
        // The arrow from the first to the last box goes around the one between them.
        assertTrue(Math.abs(layout.route(2)[1] - layout.x(1)) >= 45);
    }
}
