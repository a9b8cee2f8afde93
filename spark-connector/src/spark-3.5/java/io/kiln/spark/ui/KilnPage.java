package io.kiln.spark.ui;

import javax.servlet.http.HttpServletRequest;
import org.apache.spark.ui.UIUtils;
import org.apache.spark.ui.WebUIPage;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.xml.Node;

/** A page of the tab. Spark 3.5 takes servlets from Java EE. */
abstract class KilnPage extends WebUIPage {
    final KilnTab tab;

    KilnPage(KilnTab tab, String prefix) {
        super(prefix);
        this.tab = tab;
    }

    abstract Pages.Content content(Pages.Request request);

    @Override
    public final Seq<Node> render(HttpServletRequest request) {
        Pages.Content content = content(new Pages.Request(
                request::getParameter, path -> UIUtils.prependBaseUri(request, tab.basePath(), path)));
        return UIUtils.headerSparkPage(request, content.title(), content::nodes, tab, Option.empty(), false, false);
    }
}
