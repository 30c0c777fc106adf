"""Every reason for an inconclusive run is explained in docs/inconclusive.md, and no other."""

import ast
import re
from pathlib import Path

import loadtest.metrics.verdict.verdict

PAGE = Path(__file__).parents[3] / "docs" / "inconclusive.md"


def codes_in_the_source() -> set[str]:
    folder = Path(loadtest.metrics.verdict.verdict.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")]
    named = {
        target.id: node.value.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    first = [
        node.args[0]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Reason" and node.args
    ]
    codes = {named.get(ast.unparse(each)) for each in first if isinstance(each, ast.Name)}
    codes |= {each.value for each in first if isinstance(each, ast.Constant)}
    return {code for code in codes if isinstance(code, str)}


def test_every_reason_is_explained() -> None:
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.M))
    # A broken threshold makes a FAIL, and a warning changes no verdict.
    assert explained == codes_in_the_source() - {"threshold", "little_judged"}
