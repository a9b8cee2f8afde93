/**
 * The operator table: one row per operator with arguments, order of differentiation and the equivalent expression for
 * an independent engine, and the checks that every row must pass on every backend. A backend's tests run them; see
 * {@link io.kiln.op.table.OperatorTable}.
 */
package io.kiln.op.table;
