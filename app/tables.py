"""Tables that other people wrote: CSV read line by line, so that a fault has its line and memory stays small."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from okr.errors import Code, Refusal

LONGEST_ROW = 1_000_000  # characters, line breaks inside quotation marks included
DELIMITERS = ",;\t|"
IMPOSSIBLE = frozenset('"\r\n ')  # between fields
UNDECODABLE = re.compile("[\udc80-\udcff]")  # what "surrogateescape" makes of a byte that the encoding does not have


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, counted from 1, and its fields by column, without the spaces around them."""

    line: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be taken, by the line it begins on, and why in one sentence."""

    line: int
    reason: str


class Table:
    """A CSV file that is open: the `columns` of its first line, and its rows, once, as they are read."""

    def __init__(self, file: TextIO, name: str, encoding: str, delimiter: str | None) -> None:
        self._name, self._encoding = name, encoding
        self._file = file
        self._lines = _Lines(file, name, encoding)
        first = self._lines.peek()
        if not first:
            raise Refusal(Code.INVALID, f"{name} is empty; its first line must name the columns.", ("file",))
        self.delimiter = delimiter or max(DELIMITERS, key=first.count)
        self._reader = csv.reader(self._lines, delimiter=self.delimiter, skipinitialspace=True, strict=True)
        self._columns = self._header()
        self.columns = tuple(column for column in self._columns if column)

    @property
    def position(self) -> int:
        """How many bytes have been read so far."""
        return self._file.buffer.tell()

    def __iter__(self) -> Iterator[Row | Bad]:
        """Yield every row; lines without any field are passed over."""
        for found in self._cells():
            if isinstance(found, Bad):
                yield found
                continue
            line, cells = found
            if len(cells) != len(self._columns):
                yield Bad(line, f"it has {len(cells)} fields where the first line names {len(self._columns)} columns")
            else:
                yield Row(line, {column: cell.strip() for column, cell in zip(self._columns, cells, strict=True)})

    def _header(self) -> tuple[str, ...]:
        found = next(self._cells(), None)
        if found is None:
            raise Refusal(
                Code.INVALID, f"{self._name} has only blank lines; the first must name the columns.", ("file",)
            )
        if isinstance(found, Bad):
            raise Refusal(Code.INVALID, f"{self._name}, line {found.line}: {found.reason}.", ("file",))
        columns = tuple(cell.strip() for cell in found[1])
        twice = next((column for column in columns if column and columns.count(column) > 1), None)
        if twice is not None:
            raise Refusal(Code.DUPLICATE, f"{self._name} has two columns named {shown(twice)}; rename one.", ("file",))
        return columns

    def _cells(self) -> Iterator[tuple[int, list[str]] | Bad]:
        """Yield (line, cells) of each row that is CSV; after one that is not, go on with the next line."""
        while True:
            line = self._lines.begin()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Bad(line, _explained(error))
                self._lines.reread()
                continue
            if self._lines.foreign is not None:
                yield Bad(self._lines.foreign, f"it is not text in {self._encoding}; {_advice(self._encoding)}")
            elif any(cells) and any(cell.strip() for cell in cells):
                yield line, cells


class _Lines:
    """The lines of a file, each handed out once, save those that `reread` takes back."""

    def __init__(self, file: TextIO, name: str, encoding: str) -> None:
        self._file, self._name, self._encoding = file, name, encoding
        self._ahead: deque[str] = deque()
        self._row: list[str] = []
        self._size = 0
        self._number = 0
        self.foreign: int | None = None

    def peek(self) -> str:
        """Return the next line without handing it out."""
        if not self._ahead and (line := self._read()):
            self._ahead.append(line)
        return self._ahead[0] if self._ahead else ""

    def begin(self) -> int:
        """Begin a row and return the number of its first line; `foreign` is the first undecodable line in the row."""
        self._row, self._size, self.foreign = [], 0, None
        return self._number + 1

    def reread(self) -> None:
        """Take back every line of the row but the first: a stray quotation mark costs one line, not all that follow."""
        self._ahead.extendleft(reversed(self._row[1:]))
        self._number -= len(self._row) - 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._read()
        if not line:
            raise StopIteration
        self._number += 1
        self._row.append(line)
        self._size += len(line)
        if self._size >= LONGEST_ROW:
            raise csv.Error(f"a row is longer than {LONGEST_ROW:,} characters")
        if self.foreign is None and not line.isascii() and UNDECODABLE.search(line):
            self.foreign = self._number
        return line

    def _read(self) -> str:
        """Return the next line, of a monstrous one only the beginning, which is too long for a row."""
        try:
            line = rest = self._file.readline(LONGEST_ROW)
            while len(rest) == LONGEST_ROW and not rest.endswith(("\n", "\r")):
                rest = self._file.readline(LONGEST_ROW)
        except UnicodeError:  # of an encoding in which a bad byte spoils all that follows, such as UTF-16
            said = f"{self._name} is not text in {self._encoding}; {_advice(self._encoding)}."
            raise Refusal(Code.INVALID, said, ("encoding",)) from None
        return line


@contextmanager
def opened(path: Path, encoding: str = "utf-8", delimiter: str | None = None) -> Iterator[Table]:
    """Open a CSV file with named columns; a byte order mark is no part of it, and any line ends will do.

    `delimiter` None takes the one of comma, semicolon, tab and bar that the first line has most of. Refuses a file
    without a header, an unreadable one, an encoding that does not exist, and a delimiter that cannot be one.
    """
    between = "\t" if delimiter == r"\t" else delimiter
    if between is not None and (len(between) != 1 or between in IMPOSSIBLE):
        said = f"The delimiter cannot be {shown(between)}; it is one character, such as ; or \\t for a tab."
        raise Refusal(Code.INVALID, said, ("delimiter",))
    try:
        file = path.open(
            encoding="utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding,
            errors="surrogateescape",
            newline="",
        )
    except (LookupError, ValueError):
        said = f"There is no encoding {shown(encoding)}; common ones are utf-8, utf-16 and cp1252."
        raise Refusal(Code.INVALID, said, ("encoding",)) from None
    except OSError as error:
        raise Refusal(Code.NOT_FOUND, f"{path} cannot be read: {error.strerror}.", ("file",)) from None
    with file:
        yield Table(file, path.name, encoding, between)


def shown(text: str) -> str:
    """Return what somebody wrote, quoted for a message: shortened, and with nothing in it that a terminal obeys."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _explained(error: csv.Error) -> str:
    message = str(error)
    if "field limit" in message:
        return f"a field is longer than {csv.field_size_limit():,} characters, or a quotation mark is never closed"
    if "end of data" in message:
        return "a quotation mark is opened and never closed"
    if "expected after" in message:
        return "something follows a closing quotation mark; inside a quoted field it is written twice"
    return message


def _advice(encoding: str) -> str:
    """Which other encoding to try."""
    others = [other for other in ("utf-8", "utf-16", "cp1252") if other != encoding.lower()]
    return f"save the file as UTF-8, or name its encoding with --encoding, such as {' or '.join(others)}"
