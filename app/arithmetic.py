"""Arithmetic over columns: the four operations on exact decimals, and nothing else of the language it is written in."""

import ast
import math
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

from okr.errors import Code, Refusal, did_you_mean
from okr.number import EXACT

LONGEST = 200

Numbers = Mapping[str, Decimal]
Formula = Callable[[Numbers], Decimal]

OPERATIONS: Mapping[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: EXACT.add,
    ast.Sub: EXACT.subtract,
    ast.Mult: EXACT.multiply,
    ast.Div: EXACT.divide,
}


def parse(text: str, columns: Collection[str]) -> tuple[Formula, tuple[str, ...]]:
    """Return the formula that `text` writes, and the columns it reads, such as `100 * (1 - breaches / attendances)`.

    A column whose name is no plain word is quoted: `'Total attendances' / 2`. Refuses everything but + - * /,
    parentheses, numbers and known columns. The formula refuses to divide by zero; results keep 34 digits.
    """
    if len(text) > LONGEST:
        raise Refusal(Code.TOO_COMPLEX, f"A formula has at most {LONGEST} characters; this has {len(text):,}.")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _strange(text) from None
    read: dict[str, None] = {}
    return _compiled(tree.body, text, columns, read), tuple(read)


def _compiled(node: ast.expr, text: str, columns: Collection[str], read: dict[str, None]) -> Formula:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            first, second = (_compiled(side, text, columns, read) for side in (left, right))
            if isinstance(op, ast.Div):
                return _divided(first, second, ast.unparse(right))
            operation = OPERATIONS[type(op)]
            return lambda row: operation(first(row), second(row))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _compiled(operand, text, columns, read)
            return lambda row: EXACT.minus(inner(row))
        case ast.Constant(value=bool()):
            raise _strange(text)
        case ast.Constant(value=int() | float() as number) if math.isfinite(number):
            constant = Decimal(repr(number))
            return lambda _: constant
        case ast.Name(id=column) | ast.Constant(value=str() as column):
            if column not in columns:
                raise Refusal(Code.UNKNOWN_FIELD, f'There is no column "{column}".{did_you_mean(column, columns)}')
            read[column] = None
            return lambda row: row[column]
        case _:
            raise _strange(text)


def _divided(first: Formula, second: Formula, divisor: str) -> Formula:
    def divide(row: Numbers) -> Decimal:
        below = second(row)
        if not below:
            raise Refusal(Code.NOT_FINITE, f"{divisor} is 0, and nothing can be divided by it")
        return EXACT.divide(first(row), below)

    return divide


def _strange(text: str) -> Refusal:
    said = f"{text[:60]!r} is neither a column nor a formula of columns, numbers, + - * / and parentheses."
    return Refusal(Code.INVALID, said)
