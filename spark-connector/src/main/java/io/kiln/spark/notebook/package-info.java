/**
 * Pictures and tables for notebooks: what a cell shows of a network, a fit and its predictions. Zeppelin gets HTML
 * through its display system, the Python package shows the same HTML in Jupyter, and a terminal gets text.
 */
package io.kiln.spark.notebook;
