"""The platform's events: users, teams, datastores, forms and submissions, named by their tree paths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hookline.exceptions import NamingError
from hookline.protocol import naming

SLUG = "*"
Branch = tuple[str, ...]
TREE: tuple[tuple[Branch, frozenset[str]], ...] = (
    (("users",), frozenset({"created", "updated", "deleted"})),
    (("teams",), frozenset({"created", "updated", "deleted"})),
    (("datastore_forms", SLUG), frozenset({"created", "updated"})),
    (("datastore_submissions", SLUG), frozenset({"created", "submitted"})),
    (("submissions", SLUG, SLUG), frozenset({"created", "submitted"})),
    ((SLUG, SLUG), frozenset({"created", "updated"})),
)
"""Branches of the tree, each with the verbs that end it; the last is ``[kapp] > [form]``."""


def branch_of(segments: Sequence[str | None]) -> Branch:
    """Return the branch that a tree path is on, or an empty one.

    :param segments: None where ``any`` stands for a slug.
    """
    return next((branch for branch, verbs in TREE if _matches(branch, verbs, segments)), ())


def parts(branch: Branch, segments: Sequence[str | None]) -> list[str]:
    """Return the parts of a dag id. A kapp named like a group never reads as the group.

    :raises NamingError: a segment cannot be written in a dag id.
    """
    kapp = naming.GROUPS | {naming.ANY} if branch[:1] == (SLUG,) else frozenset({naming.ANY})
    return [
        naming.ANY
        if segment is None
        else naming.escape(segment, reserved=frozenset({naming.ANY}) if place else kapp)
        for place, segment in enumerate(segments)
    ]


def candidates(segments: Sequence[str]) -> list[str]:
    """Return the dag ids that may run for a platform event, best first.

    The exact id, then ``any`` in place of slugs, most specific first, then leftmost slug kept longest.
    A kapp named like a group has its first letter escaped, so that it never reads as the group.

    :param segments: the tree path, e.g. ``("submissions", "hr", "onboarding", "created")``.
    :raises NamingError: a segment cannot be written in a dag id, or the id is too long.
    """
    branch = branch_of(segments)
    exact = parts(branch, segments)
    slugs = [place for place, name in enumerate(branch) if name == SLUG]
    return [
        naming.joined([naming.ANY if place in replaced else part for place, part in enumerate(exact)])
        for count in range(len(slugs) + 1)
        for replaced in combinations(reversed(slugs), count)
    ]


def check(name: str) -> str:
    """Return ``name`` if it is a dag id among the candidates of some event, of whatever source.

    :raises NamingError: it is none, with the part that is wrong: such a Dag would never run.
    """
    segments = naming.split(name)
    made = candidates(["slug" if segment is None else segment for segment in segments])
    if name in made:
        return name
    if None in segments:
        raise NamingError(
            f"No event has the dag id `{name}`: `{naming.ANY}` stands for slugs of platform events only."
        )
    raise NamingError(f"No event has the dag id `{name}`; it would be `{made[0]}`.")


def _matches(branch: Branch, verbs: frozenset[str], segments: Sequence[str | None]) -> bool:
    return (
        len(segments) == len(branch) + 1
        and segments[-1] in verbs
        and all(name in (SLUG, segment) for name, segment in zip(branch, segments, strict=False))
    )
