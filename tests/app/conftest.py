"""The whole service, for each test that asks for it; and a second look at every picture that a call moves on."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from app import picture
from app.call import Call
from okr.snapshot import Entity, Snapshot
from tests.app.command_line import command
from tests.service import clock, judge, laid_out, runtime, stage

__all__ = ["clock", "command", "judge", "laid_out", "mirror", "runtime", "stage"]

GROUPS = (
    "children",
    "objectives_of",
    "key_results_of",
    "supporters_of",
    "kpis_of",
    "drivers_of",
    "movers_of",
    "addressing",
)


class Mirror:
    """Compares the picture of a call, after each commit, with the one that is stored.

    Where others write at the same time (`crowded`), only with a stored one that is no newer.
    """

    def __init__(self) -> None:
        self.crowded = False
        self.looks = 0

    async def look(self, call: Call) -> None:
        """Fail unless the call's picture, its indexes included, is what the store would give now."""
        stored = await picture.of(call.store, call.at)
        if self.crowded and stored.changes > call.picture.changes:
            return
        self.looks += 1
        assert call.picture == stored
        assert call.picture.version == stored.version
        assert indexes(call.picture) == indexes(stored)


def indexes(seen: Snapshot) -> Mapping[str, object]:
    """Return every index of a picture; what was created in one instant is in no order."""
    groups: dict[str, Mapping[str, tuple[Entity, ...]]] = {name: getattr(seen, name) for name in GROUPS}
    grouped = {name: {key: frozenset(each) for key, each in group.items()} for name, group in groups.items()}
    return {**grouped, "by_subject": seen.by_subject, "paths": seen.paths, "root": seen.root}


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Look at every picture twice; the test fails as well where there was nothing to look at."""
    second = Mirror()
    commit: Callable[..., Any] = Call.commit

    async def looked_at(call: Call, *entities: Any, **more: Any) -> None:
        await commit(call, *entities, **more)
        await second.look(call)

    monkeypatch.setattr(Call, "commit", looked_at)
    yield second
    assert second.looks
