"""Tree paths of the platform's events, as people write them, and dag ids: one-to-one.

``Submissions > [hr] > [onboarding] > Submitted`` is ``submissions.hr.onboarding.submitted``. A slug stands in
brackets and is taken literally, a ``]`` in it doubled; ``any`` without brackets stands for whatever slug.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hookline.exceptions import NamingError
from hookline.protocol import naming, platform
from hookline.protocol.platform import SLUG, TREE, Branch

SEPARATOR = ">"
FORMS = "forms"
_STEP = re.compile(r"(?:\s*\[(?P<slug>(?:[^\]]|\]\])*)\]\s*|(?P<word>[^\[\]>]*))(?:>|\Z)")
_LIKELY = 0.85


@dataclass(frozen=True, slots=True)
class Place:
    """Where a platform event stands in the tree.

    :param segments: from the group or the kapp to the verb, None where ``any`` stands for a slug.
    """

    branch: Branch
    segments: tuple[str | None, ...]

    @property
    def dag_id(self) -> str:
        """The dag id.

        :raises NamingError: a slug is empty or no text, or the dag id is longer than 250 characters.
        """
        return naming.joined(platform.parts(self.branch, self.segments))

    @property
    def path(self) -> str:
        """The tree path, e.g. ``Datastore Forms > [cars] > Created``."""
        return f" {SEPARATOR} ".join(self._steps(bracketed=True))

    @property
    def title(self) -> str:
        """What people read, e.g. ``Datastore Forms / cars / Created``."""
        return " / ".join(self._steps(bracketed=False))

    @property
    def group(self) -> str:
        """The group's name; ``forms`` for those of a kapp."""
        return FORMS if self.branch[0] == SLUG else self.branch[0]

    @property
    def pattern(self) -> str:
        """The dag id with ``any`` in place of all slugs."""
        slugs = [None if name == SLUG else name for name in self.branch]
        return Place(self.branch, (*slugs, self.segments[-1])).dag_id

    @property
    def certain(self) -> bool:
        """Whether the dag id can be no other source's event.

        ``<kapp>.<form>.created`` is also the event ``<form>.created`` of a source called like the kapp.
        """
        return self.branch[0] != SLUG or None in self.segments[:-1] or self.segments[0] in naming.GROUPS

    def _steps(self, *, bracketed: bool) -> list[str]:
        return [
            _title(str(segment))
            if name != SLUG
            else _written(segment)
            if bracketed or segment in (None, naming.ANY)
            else str(segment)
            for name, segment in zip((*self.branch, ""), self.segments, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of what somebody wrote; a word where it is no slug."""

    text: str
    slug: bool

    @property
    def segment(self) -> str | None:
        if self.slug:
            return self.text
        return None if self.text == naming.ANY else _key(self.text)

    def fits(self, name: str) -> bool:
        """Whether it is written as this place of a branch is."""
        return self.slug or self.segment is None if name == SLUG else _title(_key(self.text)) == self.text

    def likeness(self, name: str) -> float:
        if name == SLUG:
            return 1 if self.fits(SLUG) else 0.5
        return difflib.SequenceMatcher(None, name, _key(self.text)).ratio()


def find(name: str) -> Place | None:
    """Return the place that a dag id says, or None.

    :raises NamingError: the dag id is none that an event can have.
    """
    segments = tuple(naming.split(name))
    branch = platform.branch_of(segments)
    place = Place(branch, segments)
    return place if branch and place.dag_id == name else None


def parse(path: str) -> Place:
    """Read a tree path.

    :raises NamingError: the tree has no such path, with the nearest one; or a slug cannot be in a dag id.
    """
    steps = _read(path)
    segments = tuple(step.segment for step in steps)
    branch = platform.branch_of(segments)
    misfits = [name for step, name in zip(steps, (*branch, ""), strict=False) if not step.fits(name)]
    place = Place(branch, segments) if branch and SLUG not in misfits else _nearest(steps)
    if not branch or misfits:
        raise NamingError(f"The platform has no event `{path}`; did you mean `{place.path}`?")
    platform.check(place.dag_id)
    return place


def require(name: str) -> None:
    """Refuse a dag id in a group of the platform that the tree does not have.

    :raises NamingError: with the nearest one.
    """
    if name.partition(".")[0] in naming.GROUPS and find(name) is None:
        place = _nearest(_steps(name.split(".")))
        raise NamingError(f"The platform has no event `{name}`; did you mean `{place.dag_id}`?")


def near(name: str) -> str | None:
    """Return the dag id of a platform event that ``name`` is nearly, or None."""
    steps = _steps(name.split("."))
    place = _nearest(steps)
    likely = place.branch[0] != SLUG and _likeness(steps, place.branch, str(place.segments[-1])) >= _LIKELY
    try:
        return place.dag_id if likely else None
    except NamingError:  # too long
        return None


def _read(path: str) -> list[_Step]:
    steps, start = [], 0
    while True:
        found = _STEP.match(path, start)
        if found is None:
            raise NamingError(
                f"`{path}` is no tree path: write `Users > Created` or `[hr] > [onboarding] > Created`,"
                " slugs in brackets, a `]` in a slug doubled."
            )
        slug = found["slug"]
        steps.append(
            _Step(found["word"].strip() if slug is None else slug.replace("]]", "]"), slug is not None)
        )
        start = found.end()
        if path[start - 1 : start] != SEPARATOR or start == found.start():
            return steps


def _steps(parts: Sequence[str]) -> list[_Step]:
    last = len(parts) - 1
    return [
        _Step(_unescaped(part), True) if 0 < place < last and part != naming.ANY else _Step(part, False)
        for place, part in enumerate(parts)
    ]


def _unescaped(part: str) -> str:
    try:
        return naming.unescape(part)
    except NamingError:
        return part


def _nearest(steps: Sequence[_Step]) -> Place:
    first = steps[0].segment
    branch, verb = max(
        ((branch, verb) for branch, verbs in TREE for verb in sorted(verbs)),
        key=lambda found: (found[0][0] == first, _likeness(steps, *found)),
    )
    filled = [
        name if name != SLUG else steps[place].segment if place < len(steps) - 1 else None
        for place, name in enumerate(branch)
    ]
    return Place(branch, (*(segment or None for segment in filled), verb))


def _likeness(steps: Sequence[_Step], branch: Branch, verb: str) -> float:
    names = (*branch, verb)
    matched = sum(step.likeness(name) for step, name in zip(steps[:-1] or steps, branch, strict=False))
    ending = steps[-1].likeness(verb) if len(steps) > 1 else 0
    return (matched + ending) / max(len(names), len(steps))


def _key(words: str) -> str:
    return words.lower().replace(" ", "_")


def _title(key: str) -> str:
    return " ".join(word.capitalize() for word in key.split("_"))


def _written(slug: str | None) -> str:
    return naming.ANY if slug is None else f"[{slug.replace(']', ']]')}]"
