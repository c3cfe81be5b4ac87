"""The caller names its job: a task row, or one of its own words that the operator mapped to a row."""

from __future__ import annotations

from pointsman import Assessment, PolicyKind, PolicySetup, Request, hookimpl, register

POINTSMAN_API = 1


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

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | None:
        if request.hints.task:
            return self._by_task.get(request.hints.task)
        return next((self._by_tag[tag] for tag in request.hints.tags if tag in self._by_tag), None)


plugin = register(Tags, kind=PolicyKind.TAG, deterministic=True, reads_text=False, honours=["task", "tags"])
