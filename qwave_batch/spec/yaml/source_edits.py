"""Edits of a YAML text: values replaced, added and taken out, while all other text stays byte for byte."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from qwave_batch.spec.yaml.source_tree import SourceNode

_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(slots=True)
class SourceEdits:
    """The edits of one text, which are made all at once."""

    text: str
    root: SourceNode
    _replaced: dict[tuple[int, int], str] = field(default_factory=dict)
    _removed: dict[int, tuple[SourceNode, set[int]]] = field(default_factory=dict)
    """By the identity of a mapping or list: the positions of its values that go."""
    _extents: list[tuple[int, int]] = field(default_factory=list)
    """The ranges of the scalars of the text, in order."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is edited."""
        return not self._replaced and not self._removed

    @property
    def line_break(self) -> str:
        """The line break of the text's first line."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"

    def replace_scalar(self, node: SourceNode, value: str) -> None:
        """Write another string in the place of a scalar, in its own quotes; a block scalar has it on its one line."""
        if not node.is_on_line:
            self._replaced[node.end - len(node.text.rstrip()), node.end] = value
            return
        quote = node.style if node.style in {"'", '"'} else "" if _PLAIN.fullmatch(value) else '"'
        self._replaced[node.start, node.end] = f"{quote}{value}{quote}"

    def replace_text(self, start: int, end: int, text: str) -> None:
        """Write another text in a place."""
        self._replaced[start, end] = text

    def add_entry(self, beside: SourceNode, entry: str) -> None:
        """Write an entry behind the one that has the value ``beside``."""
        holder = beside.parent
        if holder is None:
            return
        if holder.is_flow:
            self._replaced[beside.end, beside.end] = self._replaced.get((beside.end, beside.end), "") + f", {entry}"
            return
        key = holder.entries[holder.position(beside)][0]
        at = self._line_end(beside.end)
        indent = " " * (key.start - self._line_start(key.start))
        self._replaced[at, at] = self._replaced.get((at, at), "") + f"{self.line_break}{indent}{entry}"

    def remove(self, node: SourceNode) -> None:
        """Take out a value with its key; a mapping or list that has nothing left goes too."""
        holder = node.parent
        if holder is None:
            return
        _, gone = self._removed.setdefault(id(holder), (holder, set()))
        gone.add(holder.position(node))
        if len(gone) == len(holder.entries or holder.items):
            del self._removed[id(holder)]
            self.remove(holder)

    def is_removed(self, node: SourceNode) -> bool:
        """Whether a value, or one around it, is taken out."""
        holder = node.parent
        if holder is None:
            return False
        gone = self._removed.get(id(holder))
        return (gone is not None and holder.position(node) in gone[1]) or self.is_removed(holder)

    def result(self) -> str:
        """Return the text with all edits made."""
        edits = [*((start, end, new) for (start, end), new in self._replaced.items()), *self._removals()]
        edits += self._columns(edits)
        text, last = [], 0
        covered = 0
        for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1] > edit[0], -edit[1])):
            if start < covered:
                continue  # inside something that is taken out
            text += [self.text[last:start], new]
            last = covered = end
        return "".join((*text, self.text[last:]))

    def _columns(self, edits: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
        """Return the edits that keep comments in their column, where they stand in one with those of other lines."""
        by_line: dict[int, list[tuple[int, int, str]]] = {}
        for edit in edits:
            by_line.setdefault(self._line_start(edit[0]), []).append(edit)
        kept = []
        for line, on_line in by_line.items():
            comment = self._comment_of(line)
            if comment is None or not self._is_in_column(line, comment - line):
                continue
            blanks = comment - line - len(self.text[line:comment].rstrip(" "))
            longer = sum(len(new) - (end - start) for start, end, new in on_line if end <= comment - blanks)
            if longer:
                kept.append((comment - blanks, comment, " " * max(min(2, blanks), blanks - longer)))
        return kept

    def _comment_of(self, line: int) -> int | None:
        """Return the index of the comment behind the values of a line."""
        for found in _COMMENT.finditer(self.text, line, self._line_end(line)):
            if not self._is_in_scalar(found.start()):
                return found.start()
        return None

    def _is_in_column(self, line: int, column: int) -> bool:
        """Whether a line beside this one has its comment in that column too."""
        above, below = self._line_start(line - 1) if line else None, self.text.find("\n", line) + 1
        others = [above, below or None]
        return any(other is not None and self._comment_of(other) == other + column for other in others)

    def _removals(self) -> Iterable[tuple[int, int, str]]:
        for holder, gone in self._removed.values():
            if self.is_removed(holder):
                continue
            spans = [(key.begin, value.end) for key, value in holder.entries] or [
                (item.begin, item.end) for item in holder.items
            ]
            for run in _runs(sorted(gone)):
                yield self._flow_run(spans, run) if holder.is_flow else self._block_run(holder, spans, run)

    def _flow_run(self, spans: list[tuple[int, int]], run: range) -> tuple[int, int, str]:
        if run.stop < len(spans):
            start, end = spans[run.start][0], spans[run.stop][0]
            indent = self._indent(end)
            kept = "".join(f"{each}{self.line_break}{indent}" for each in self._comments(start, end))
            return start, end, f" {kept}" if kept and not self.text[start - 1].isspace() else kept
        start, end = spans[run.start - 1][1], spans[run.stop - 1][1]
        kept = f"{self.line_break}{self._indent(spans[run.start][0])}".join(self._comments(start, end))
        if not kept:
            return start, end, ""
        gap = self.text[start : self.text.index("#", start)].replace(",", "", 1)
        while self.text[end : end + 1] in {" ", "\t", ","}:
            end += 1
        if self.text[end : self._line_end(end)]:  # what comes behind a comment must not become a part of it
            kept += self.line_break + self._indent(spans[run.start][0])
        return start, end, f"{gap if gap.isspace() else ' '}{kept}"

    def _indent(self, index: int) -> str:
        """Return the blanks up to the column of a place."""
        return " " * (index - self._line_start(index))

    def _block_run(self, holder: SourceNode, spans: list[tuple[int, int]], run: range) -> tuple[int, int, str]:
        start, end = spans[run.start][0], spans[run.stop - 1][1]
        first = start if holder.kind == "mapping" else self.text.rfind("-", 0, start)
        line = self._line_start(first)
        before = self.text[line:first]
        indent = before if not before.strip() else " " * len(before)
        stop = self._line_end(end)
        comments = self._comments(start, stop)
        if before.strip() and run.stop < len(spans):
            # the first values of a list's item: the dash before them stays, for the value that comes now
            following = spans[run.stop][0]
            if holder.kind == "list":
                following = self.text.rfind("-", first, following)
            kept = "".join(f"{each}{self.line_break}{indent}" for each in self._comments(first, following))
            return first, following, kept
        if self.text[stop - 1 : stop] != "\n":
            stop += len(self.line_break) if stop < len(self.text) else 0
        return line, stop, "".join(f"{indent}{each}{self.line_break}" for each in comments)

    def _comments(self, start: int, stop: int) -> list[str]:
        """Return the comments between two places; a # inside a value does not begin one."""
        return [
            found[0].rstrip()
            for found in _COMMENT.finditer(self.text, start, stop)
            if not self._is_in_scalar(found.start())
        ]

    def _is_in_scalar(self, index: int) -> bool:
        if not self._extents:
            self._extents = sorted(self.root.extents())
        at = bisect_right(self._extents, (index, len(self.text))) - 1
        return at >= 0 and index < self._extents[at][1]

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        """Return the index of the line break after ``index``, or the end of the text."""
        at = self.text.find("\n", index)
        if at < 0:
            return len(self.text)
        return at - 1 if self.text[at - 1] == "\r" else at


def _runs(positions: list[int]) -> Iterable[range]:
    """Yield the positions as ranges without a gap."""
    begin = 0
    for number, position in enumerate(positions):
        if number + 1 == len(positions) or positions[number + 1] != position + 1:
            yield range(positions[begin], position + 1)
            begin = number + 1
