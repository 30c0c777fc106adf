"""Every reason for an inconclusive run is explained in docs/inconclusive.md, and no other."""

import ast
import re
from pathlib import Path

import loadtest.metrics.verdict.verdict

PAGE = Path(__file__).parents[3] / "docs" / "inconclusive.md"


def codes_in_the_source() -> set[str]:
    folder = Path(loadtest.metrics.verdict.verdict.__file__).parent
    return {
        node.args[0].value
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Reason"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_reason_is_explained() -> None:
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.M))
    # A broken threshold makes a FAIL, and a warning changes no verdict.
    assert explained == codes_in_the_source() - {"threshold", "little_judged"}
