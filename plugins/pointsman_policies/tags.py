"""The caller names its job: a task row, or one of its own words that the operator mapped to a row."""

from __future__ import annotations

from functools import lru_cache

from pointsman import Assessment, NoOpinion, PolicyKind, PolicySetup, Request, did_you_mean, hookimpl, register

POINTSMAN_API = 1

_NAMED, _REMEMBERED = 3, 256


class Tags:
    """Takes the task from `hints.task`, otherwise from the first of `hints.tags` that means one."""

    def __init__(self, options: None, setup: PolicySetup) -> None:
        catalogue = setup.catalogue
        self._by_task = {name: Assessment(task=name, confidence=1.0, source="hint") for name in catalogue.tasks}
        # A task row's own name serves as a tag, unless the operator mapped that word elsewhere.
        meanings = {name: name for name in catalogue.tasks} | dict(catalogue.tags)
        self._by_tag = {
            tag: Assessment(task=task, confidence=1.0, source=f"tag {tag}") for tag, task in meanings.items()
        }
        # Callers send the same words again and again, and to look for near ones is slow.
        self._unknown = lru_cache(_REMEMBERED)(lambda tag: f"tag {tag!r} is unknown{did_you_mean(tag, meanings)}")

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | NoOpinion | None:
        if request.hints.task:
            return self._by_task.get(request.hints.task)
        tags = request.hints.tags
        if not tags:
            return None
        found = next((self._by_tag[tag] for tag in tags if tag in self._by_tag), None)
        return found or NoOpinion(self._none_means_anything(tags))

    def _none_means_anything(self, tags: tuple[str, ...]) -> str:
        more = f"; {len(tags) - _NAMED} more tags are unknown" if len(tags) > _NAMED else ""
        return "; ".join(map(self._unknown, tags[:_NAMED])) + more


plugin = register(Tags, kind=PolicyKind.TAG, deterministic=True, reads_text=False, honours=["task", "tags"])
