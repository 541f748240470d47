"""YAML text or Python data as nodes that know their key and line, and collect complaints."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from tidegauge.errors import SuiteError

MOST_NODES = 100_000
"""Aliases that name aliases can blow a few lines up to billions of values."""

_TAG = "tag:yaml.org,2002:"
_TEXT = {_TAG + "str", _TAG + "timestamp"}
_SCALARS = {_TAG + kind for kind in ("null", "bool", "int", "float")}
_COLLECTIONS = {_TAG + "map", _TAG + "seq"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One complaint about a suite."""

    line: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value with its place; the nodes of one document share a list of problems."""

    value: Any
    """None, bool, int, float, str, a tuple of nodes, or a dictionary of nodes by key."""
    text: str = ""
    """A scalar as it was written."""
    key: str = ""
    """Path from the root: ``checks[1].drift.psi.warn``."""
    line: int = 0
    """Where the key (or the list item) stands; 0 = the value came from Python."""
    file: str = ""
    problems: list[Problem]

    def complain(self, message: str, hint: str = "") -> None:
        """Note a problem; reading goes on, so that all are reported at once."""
        place = f"{self.file}:{self.line}: " if self.line else ""
        key = f"{self.key}: " if self.key else ""
        self.problems.append(Problem(line=self.line, message=place + key + message, hint=hint))

    def wrong(self, allowed: str, hint: str = "") -> None:
        """Note that this value is not what it should be."""
        self.complain(f"found {self.found}; allowed: {allowed}", hint)

    @property
    def found(self) -> str:
        """The value in words."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true" if self.value else "false"
            case str():
                return f'the text "{shown(self.value)}"'
            case int() | float():
                return f"the number {shown(self.text)}"
            case tuple():
                return f"a list of {len(self.value)}"
            case dict():
                return f"a mapping of {shown(', '.join(self.value))}" if self.value else "{}"
            case other:
                return f"a Python {type(other).__name__}"


def shown(text: str) -> str:
    """Make a text fit a message: short, on one line, without control characters."""
    text = text if len(text) <= 60 else text[:57] + "..."
    return text if text.isprintable() else ascii(text)[1:-1]


def from_yaml(text: str, *, file: str) -> Node:
    """Parse one YAML 1.2 document, safely: no tags, no duplicate keys.

    Raises
    ------
    SuiteError
        When it is not YAML at all, or holds nothing.
    """
    root = Node(value=None, file=file, line=1, problems=[])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            yaml = YAML(typ="safe", pure=True, plug_ins=[])  # looking for plug-ins costs 5 ms
            graph = yaml.compose(text)
        if graph is None:
            root.complain("found an empty file; allowed: a suite")
        else:
            root = _Planting(root, yaml.constructor).plant(graph, root, ())
    except MarkedYAMLError as error:
        _complain_of_syntax(root, error, text)
    except YAMLError as error:
        root.complain(f"found characters that YAML does not allow ({_first_line(error)})")
    except RecursionError:
        root.complain("found lists or mappings nested too deeply to be read")
    raise_problems(root)
    return root


def from_python(value: Any, *, key: str, problems: list[Problem] | None = None) -> Node:
    """Wrap plain Python data, so that it is read by the same rules as YAML."""
    problems = [] if problems is None else problems
    match value:
        case Mapping():
            value = {
                str(k): from_python(v, key=f"{key}.{k}", problems=problems)
                for k, v in value.items()
            }
        case bool() | str() | None:
            pass
        case numbers.Integral():
            value = int(value)
        case numbers.Real():
            value = float(value)
        case Sequence():
            value = tuple(
                from_python(v, key=f"{key}[{i}]", problems=problems) for i, v in enumerate(value)
            )
    return Node(value=value, text=str(value), key=key, problems=problems)


def raise_problems(node: Node) -> None:
    """Raise everything noted so far as one error, first by line.

    Raises
    ------
    SuiteError
        When there is any problem.
    """
    problems = sorted(dict.fromkeys(node.problems), key=lambda problem: problem.line)
    if not problems:
        return
    if len(problems) == 1:
        raise SuiteError(problems[0].message, problems[0].hint)
    lines = [f"{len(problems)} problems:"]
    for number, problem in enumerate(problems, 1):
        lines.append(f"  {number}. {problem.message}")
        if problem.hint:
            lines.append(f"     hint: {problem.hint}")
    raise SuiteError("\n".join(lines))


@dataclass(slots=True)
class _Planting:
    """The turning of one YAML graph into nodes."""

    root: Node
    constructor: Any
    planted: int = 0

    def plant(self, graph: Any, place: Node, trail: tuple[int, ...]) -> Node:
        """Make the node of ``graph`` at ``place``; ``trail`` holds the nodes it lies in."""
        self.planted += 1
        if id(graph) in trail:
            place.complain("found an alias to what it lies in")
        elif self.planted > MOST_NODES:
            if self.planted == MOST_NODES + 1:
                self.root.complain(f"found more than {MOST_NODES:,} values, counting aliases")
        elif graph.tag not in _TEXT | _SCALARS | _COLLECTIONS:
            place.complain(f"found the YAML tag {graph.tag}; allowed: values without a tag")
        else:
            trail = (*trail, id(graph))
            match graph:
                case ScalarNode():
                    return replace(place, value=self._scalar(graph, place), text=graph.value)
                case SequenceNode():
                    return replace(place, value=tuple(self._items(graph, place, trail)))
                case MappingNode():
                    return replace(place, value=dict(self._pairs(graph, place, trail)))
        return place

    def _scalar(self, graph: ScalarNode, place: Node) -> Any:
        if graph.tag in _TEXT:
            return graph.value
        try:
            return self.constructor.construct_object(graph)
        except (ValueError, YAMLError):
            place.complain(f'found "{shown(graph.value)}", which cannot be read as a number')
            return None

    def _items(self, graph: Any, place: Node, trail: tuple[int, ...]) -> Iterator[Node]:
        for index, item in enumerate(graph.value):
            line = item.start_mark.line + 1
            here = replace(place, key=f"{place.key}[{index}]", line=line)
            yield self.plant(item, here, trail)

    def _pairs(self, graph: Any, place: Node, trail: tuple[int, ...]) -> Iterator[tuple[str, Node]]:
        lines: dict[str, int] = {}
        merged: list[Any] = []
        for name, item in graph.value:
            line = name.start_mark.line + 1
            if not isinstance(name, ScalarNode):
                replace(place, line=line).complain("found a key that is a list or a mapping")
                continue
            if name.tag == _TAG + "merge":
                merged += item.value if isinstance(item, SequenceNode) else [item]
                continue
            label = shown(name.value)
            key = f"{place.key}.{label}" if place.key else label
            here = replace(place, key=key, line=line)
            if name.value in lines:
                here.complain(
                    f"found this key twice, first in line {lines[name.value]}; allowed: once"
                )
                continue
            lines[name.value] = line
            yield name.value, self.plant(item, here, trail)
        for other in merged:
            if not isinstance(other, MappingNode):
                place.complain("found << with something that is not a mapping")
            elif id(other) in trail:
                place.complain("found an alias to what it lies in")
            else:
                for key, node in self._pairs(other, place, (*trail, id(other))):
                    if key not in lines:
                        lines[key] = node.line
                        yield key, node


def _complain_of_syntax(root: Node, error: MarkedYAMLError, text: str) -> None:
    problem = _first_line(error.problem or error.context or "not YAML")
    cut_off = "end of stream" in problem or "<stream end>" in problem
    mark = (cut_off and error.context_mark) or error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    number = min(mark.line + 1 if mark else 1, len(lines))
    line = lines[number - 1]
    what, hint = f"bad YAML: {problem}", "check the indentation, and quotes around texts"
    if "\\t" in problem or line.lstrip(" ").startswith("\t"):
        what, hint = "a tab; allowed: spaces for indentation", "replace each tab by two spaces"
    elif "another document" in problem:
        what, hint = "a second YAML document; allowed: one suite a file", "split the file"
    elif cut_off:
        hint = "close what is opened here: a quote, a bracket or a brace"
    elif "undefined alias" in problem or "alphabetic or numeric" in problem:
        hint = 'quote a star, as in features: "*"'
    elif "mapping values" in problem:
        hint = "put options into braces, as in - drift.psi: {warn: 0.1}; quote a text with a colon"
    elif "{" in line:
        hint = 'quote a text that holds braces, as in path: "logs/{date}/*.parquet"'
    here = replace(root, line=number)
    here.complain(f"found {what} (at {shown(line.strip())})", hint)


def _first_line(error: object) -> str:
    return str(error).strip().split("\n", 1)[0]
