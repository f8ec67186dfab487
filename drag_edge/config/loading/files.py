"""Files that a YAML names: where a relative path counts from, whether they are there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from drag_edge.config.loading.tree import Node, Reader, Where, place_after, problem_at
from drag_edge.config.report import UNSET, Kind, Problem, nearest
from drag_edge.config.sources import Source, SourceError, SourceKind, parse_source

_YAML = (".yaml", ".yml")
_MOST_BYTES = 1_000_000  # a video given by mistake is not read to its end


class UnusableFileError(Exception):
    """A path that cannot be used."""

    def __init__(self, kind: Kind, expected: str, hint: str = "") -> None:
        super().__init__(expected)
        self.kind = kind
        self.expected = expected
        self.hint = hint


@dataclass
class Text:
    """A YAML file as read: its nodes (None where there are none), and what was wrong with it."""

    file: Path
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)


def read_yaml(file: Path, named: Path | None = None) -> Text:
    """Read one YAML file; everything that can be wrong with it is in `problems`.

    named: the path as the person wrote it, for messages.
    """
    shown = named or file
    folder = file.absolute().parent
    found = Text(shown)
    start = Where(shown, 1, 1, folder)
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = f"a file that can be read: {getattr(error, 'strerror', None) or error}"
        found.problems.append(Problem(Kind.MISSING_INPUT, shown, None, None, "", UNSET, reason))
        return found
    if len(data) > _MOST_BYTES:
        found.problems.append(problem_at(start, Kind.SYNTAX, "", UNSET, "YAML, at most 1 MB of it"))
        return found
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = place_after(data[: error.start].decode("utf-8-sig"))
        where = Where(shown, line, column, folder)
        byte = f"byte 0x{data[error.start]:02x}"
        found.problems.append(problem_at(where, Kind.SYNTAX, "", byte, "UTF-8 text"))
        return found
    reader = Reader(shown, folder)
    found.root = reader.read(text)
    found.problems += reader.problems
    if not found.problems and (found.root is None or not isinstance(found.root.value, dict)):
        value = UNSET if found.root is None else found.root.plain()
        where = start if found.root is None else found.root.where
        wanted = "sections such as 'cameras:'; " + (
            "the file is empty" if found.root is None else "this is no mapping"
        )
        found.problems.append(problem_at(where, Kind.SYNTAX, "", value, wanted))
        found.root = None
    return found


class Files:
    """Resolves the paths that a configuration names.

    check: False leaves out whether files exist, for a machine that is not the vehicle.
    """

    def __init__(self, check: bool = True) -> None:
        self._check = check

    def locate(self, text: str, kind: str, where: Where) -> str:
        """The absolute path; UnusableFileError when it is not usable.

        kind: "input" must exist, "output" must not be a folder, "folder" not a file, "source" may
        be something other than a file (a device, a URL, a pipeline) and is then returned as it is.
        """
        if kind == "source":
            source = _parsed(text)
            if source.kind is not SourceKind.FILE:
                return source.line
            text = source.target
        path = self._absolute(text, where)
        if kind == "output" and os.path.isdir(path):
            raise UnusableFileError(Kind.VALUE, "a file to write", f"{path} is a folder")
        if kind == "folder" and os.path.exists(path) and not os.path.isdir(path):
            raise UnusableFileError(Kind.VALUE, "a folder to write into", f"{path} is a file")
        if kind in ("input", "source") and self._check and not os.path.exists(path):
            lacking = Kind.MISSING_INPUT if kind == "source" else Kind.MISSING_FILE
            raise UnusableFileError(
                lacking, "a file that exists", f"looked for {path}{_near(path)}"
            )
        return path

    def include(self, text: str, where: Where) -> Text:
        """A section that lives in a YAML file of its own."""
        path = Path(self.locate(text, "input", where))
        if not path.exists():
            return Text(path)
        return read_yaml(path)

    def included(self, node: Node) -> Node | None:
        """The nodes of the YAML file that a node names, if it names one; problems come later."""
        if not isinstance(node.value, str) or not node.value.endswith(_YAML):
            return None
        try:
            return self.include(node.value, node.where).root
        except UnusableFileError:
            return None

    def _absolute(self, text: str, where: Where) -> str:
        if not text.strip() or "\0" in text:
            raise UnusableFileError(Kind.VALUE, "the name of a file")
        return os.path.normpath(where.folder / os.path.expanduser(text))


def _parsed(source: str) -> Source:
    try:
        return parse_source(source)
    except SourceError as error:
        raise UnusableFileError(Kind.VALUE, str(error)) from error


def _near(path: str) -> str:
    """Names of files beside the missing one that look like it."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        return f"; there is no folder {folder}"
    try:
        close = nearest(name, sorted(os.listdir(folder)))
    except OSError as error:
        return f"; {folder} cannot be listed: {error.strerror}"
    return f"; beside it is {close}" if close else ""
