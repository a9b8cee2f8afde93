"""Converts the node tests of the onnx package (onnx.backend.test.case.node) of one node each.

usage: pip install onnx ml_dtypes; python onnx_cases.py onnx.zip
A case: {id, op, domain, opset, attrs, inputs: [key or null], outputs: [key or null], rtol, atol}. Attributes that are tensors are
{"tensor": key}. Element types that Kiln does not have (int8, strings, float8, complex, …) and large arrays are skipped, with the reason.
"""

import sys
import warnings

import onnx
from onnx import helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from case_file import CaseFile, Skip

warnings.simplefilter("ignore")


def attribute(file, case, a):
    value = helper.get_attribute_value(a)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return {"tensor": file.put("%s:attribute.%s" % (case, a.name), numpy_helper.to_array(value))}
    if isinstance(value, (int, float, str)):
        return value
    if not hasattr(value, "__len__"):
        raise Skip("attribute " + a.name)
    values = [v.decode() if isinstance(v, bytes) else v for v in value]
    if any(not isinstance(v, (int, float, str)) for v in values):
        raise Skip("attribute " + a.name)
    return values


def array(file, key, value):
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    if isinstance(value, (list, dict)) or value is None:
        raise Skip("type " + type(value).__name__)
    return file.put(key, value)


def convert(file, case):
    graph = case.model.graph
    if len(graph.node) != 1:
        raise Skip("%d nodes" % len(graph.node))
    node = graph.node[0]
    opset = {o.domain: o.version for o in case.model.opset_import}
    attrs = {a.name: attribute(file, case.name, a) for a in node.attribute}
    for number, (ins, outs) in enumerate(case.data_sets):
        name = case.name if len(case.data_sets) == 1 else "%s#%d" % (case.name, number)
        given = {i.name: array(file, "%s:in.%s" % (name, i.name), v) for i, v in zip(graph.input, ins)}
        wanted = {o.name: array(file, "%s:out.%s" % (name, o.name), v) for o, v in zip(graph.output, outs)}
        file.cases.append({
            "id": name, "op": node.op_type, "domain": node.domain, "opset": opset.get(node.domain, 0), "attrs": attrs,
            "inputs": [given.get(i) for i in node.input], "outputs": [wanted.get(o) for o in node.output],
            "rtol": case.rtol, "atol": case.atol,
        })


file = CaseFile()
for case in collect_testcases(None):
    try:
        convert(file, case)
    except Skip as e:
        file.skipped[case.name] = str(e)
file.write(sys.argv[1])
