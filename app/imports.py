"""Imports: KPIs and readings from files, written so that a second run of the same file changes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import batched

from app import definitions, gathering, kpis, org, policies, readings, tables
from app.call import Call
from app.columns import Bound, ColumnMap
from app.definitions import DEFINITION, Directory
from app.gathering import NEEDED, READING, Audience, Gathered, Series
