"""Who may import whom, held by a test: the parts, their frameworks, and what every module has."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "loadtest"
TESTS = Path(__file__).parent
PATHS = sorted(PACKAGE.rglob("*.py"))

EVERYONE = {"observations", "clock", "errors", "garbage", "limits"}
# ``python -m loadtest`` is the command line.
CLI = {"cli", "__main__"}
# What each part may import of ours, besides itself and what everyone may.
ALLOWED: dict[str, set[str]] = {
    "cli": {
        "users",
        "run",
        "report",
        "comparison",
        "device",
        "capacity",
        "recording",
        "selftest",
        "provisioning",
        "sink",
        "engine",
        "server",
        "profile",
        "metrics",
        "workload",
        "chat",
    },
    "users": {"run", "simulation", "engine", "device", "metrics", "chat"},
    # Of ``sink``, the thread with the push sink that a leading process has.
    "run": {
        "simulation",
        "engine",
        "device",
        "report",
        "workload",
        "profile",
        "provisioning",
        "metrics",
        "recording",
        "spanning",
        "sink",
        "selftest",
        "web",
        "chat",
    },
    # It asks the leading process through an interface, and imports nothing of it.
    "web": {"capacity", "comparison", "report", "metrics"},
    "simulation": {
        "engine",
        "device",
        "workload",
        "profile",
        "metrics",
        "recording",
        "spanning",
        "chat",
    },
    "selftest": set(),
    "http": set(),
    "sink": {"http"},
    # Before a run and after it, in plain threads: it knows neither devices nor profiles.
    "provisioning": {"workload", "chat"},
    "recording": {"metrics"},
    # It makes the calls of other workers on a ledger, as a recording makes those of another time.
    "spanning": {"metrics", "recording", "device"},
    # Its arithmetic takes figures; only its modules for folders, studies and pages do I/O.
    "comparison": {"metrics", "report", "profile"},
    # Arithmetic on the outcomes of runs; it starts none.
    "capacity": {"metrics", "report", "profile", "workload"},
    "report": {"metrics", "profile"},
    "engine": {"device", "wire"},
    "server": {"chat", "http", "wire"},
    "profile": {"workload", "metrics"},
    "metrics": set(),
    "device": {"chat", "wire"},
    "workload": set(),
    "chat": {"wire"},
    "wire": set(),
    "": set(),
}
# Parts of which only some modules may be imported from elsewhere.
DOORS: dict[tuple[str, str], set[str]] = {
    ("users", "chat"): {"resources", "correlation", "dialect", "texts"},
    ("simulation", "chat"): {"resources", "correlation", "dialect"},
    ("run", "sink"): {"service"},
    # The newest self-test is stamped into a summary.
    ("run", "selftest"): {"outcome"},
    # Server text is cleaned in one place.
    ("provisioning", "chat"): {"texts"},
    ("run", "chat"): {"dialect"},
    # What the leading process implements, keeps and mounts.
    ("run", "web"): {"desk", "live", "mount", "login"},
    ("spanning", "device"): {"numbers"},
}
# Which parts may use a framework at all; "clock" is the module.
ONLY_IN: dict[str, set[str]] = {
    "locust": {"users", "run", "cli"},
    "gevent": {"users", "run", "cli", "engine"},
    "asyncio": {"engine", "http", "server", "sink"},
    "uvloop": {"engine", "server", "sink"},
    "websockets": {"wire", "server"},
    "requests": {"provisioning"},
    "flask": {"web"},
    "flask_login": {"web"},
    "time": {"clock"},
}


def module_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PATHS}


def part_of(module: str) -> str:
    """Return the part that a module of ours belongs to; nothing for the package itself."""
    name = module.partition(".")[2].partition(".")[0]
    if name in CLI:
        return "cli"
    return "" if name in EVERYONE else name


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the modules that a module imports, wherever in it; ours by their own name."""
    names: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names.add(whole if whole in MODULES else node.module)
    return frozenset(names)


def test_imports_point_down() -> None:
    """A part imports only the parts it may, and only through their doors."""
    assert not list(_imports_that_point_up())


def _imports_that_point_up() -> Iterator[str]:
    for module in MODULES:
        part = part_of(module)
        allowed = ALLOWED[part] | EVERYONE | {part, ""}
        for name in imports_of(module):
            if name.partition(".")[0] != "loadtest":
                continue
            other = part_of(name)
            doors = DOORS.get((part, other))
            through_a_door = doors is None or name.rpartition(".")[2] in doors
            if other not in allowed or not through_a_door:
                yield f"{module} may not import {name}"


def test_frameworks_stay_where_they_belong() -> None:
    offenders = [
        f"{module} may not import {name}"
        for module in MODULES
        for name in imports_of(module)
        if not _may_use(part_of(module) or module.rpartition(".")[2], name.partition(".")[0])
    ]
    assert not offenders


def _may_use(home: str, framework: str) -> bool:
    return home in ONLY_IN.get(framework, {home})


def test_random_numbers_come_from_a_generator_with_a_seed() -> None:
    """Only ``loadtest.clock`` makes a generator without a seed; nobody uses the shared one."""
    offenders = [
        f"{module}:{node.lineno}: {ast.unparse(node)}"
        for module in MODULES
        if module != "loadtest.clock" and imports_of(module) & {"random", "random.Random"}
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.expr | ast.stmt) and _is_random_without_a_seed(node)
    ]
    assert not offenders


def _is_random_without_a_seed(node: ast.expr | ast.stmt) -> bool:
    match node:
        case ast.ImportFrom(module="random", names=names):
            return [alias.name for alias in names] != ["Random"]
        case ast.Attribute(value=ast.Name(id="random"), attr=name):
            return name != "Random"
        case ast.Call(func=function, args=[]):
            return ast.unparse(function) in ("random.Random", "Random")
    return False


def test_no_module_is_in_an_import_cycle() -> None:
    ours = {name: imports_of(name) & MODULES.keys() - {name} for name in MODULES}
    # What imports nothing that is left cannot be in a cycle; what stays is, or leads into one.
    while free := {name for name, others in ours.items() if not others & ours.keys()}:
        for name in free:
            del ours[name]
    assert not ours, f"in a cycle, or above one: {', '.join(sorted(ours))}"


def test_every_part_is_in_the_table() -> None:
    assert {part_of(module) for module in MODULES} <= ALLOWED.keys()


def test_importing_the_package_imports_nothing() -> None:
    assert imports_of("loadtest") == frozenset()


# The parts without a browser, a terminal or a whole run in them. What `users`, `cli` and `selftest`
# do shows in whole runs: tests/integration and tests/examples make them.
MIRRORED = frozenset(
    {
        "capacity",
        "chat",
        "comparison",
        "device",
        "engine",
        "http",
        "metrics",
        "provisioning",
        "recording",
        "server",
        "sink",
        "spanning",
        "web",
        "wire",
    }
)


def test_every_module_has_its_mirrored_test() -> None:
    paths = [path.relative_to(PACKAGE) for path in PATHS if not path.name.startswith("__")]
    paths = [path for path in paths if path.parts[0] in MIRRORED]
    mirrored = [Path("tests") / path.parent / f"test_{path.name}" for path in paths]
    missing = [str(path) for path in mirrored if not (TESTS.parent / path).exists()]
    assert not missing, "\n".join(missing)


def test_no_test_module_imports_another() -> None:
    offenders = [
        f"{path.relative_to(TESTS)} imports {node.module}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").rpartition(".")[2].startswith("test_")
    ]
    assert not offenders


# --- docstrings -------------------------------------------------------------------------------

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public_definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    """Yield public functions, classes, and the public methods of those."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body)


def test_everything_public_says_what_it_is() -> None:
    offenders = [f"{module} has no docstring" for module in MODULES if not said(tree_of(module))]
    offenders += [
        f"{module}:{node.lineno}: {node.name} has no docstring"
        for module in MODULES
        for node in public_definitions(tree_of(module).body)
        if not said(node)
    ]
    assert not offenders


def said(node: ast.Module | Definition) -> str | None:
    """Return the docstring of a module, class or function."""
    return ast.get_docstring(node)
