"""The union of every policy's exclusions, with who made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pointsman.model.decision import Candidate, Cause, Exclusion, Shaped


class Vetoes:
    """Grows while policies are asked; a target is out as soon as one vetoed it."""

    def __init__(self) -> None:
        self._by_target: dict[str, list[tuple[Exclusion, str]]] = {}
        self._floors: dict[str, int] = {}

    def add(self, exclusion: Exclusion, by: str) -> None:
        self._by_target.setdefault(exclusion.target, []).append((exclusion, by))

    def add_all(self, exclusions: Iterable[Exclusion], by: str) -> None:
        vetoed = self._by_target
        for exclusion in exclusions:
            if exclusion.target in vetoed:
                vetoed[exclusion.target].append((exclusion, by))
            else:
                vetoed[exclusion.target] = [(exclusion, by)]

    def add_undercut(self, exclusion: Exclusion, by: str, floor: int) -> None:
        """A veto because the caller allows fewer output tokens than the `floor` that the target needs."""
        self.add(exclusion, by)
        self._floors[exclusion.target] = floor

    def __contains__(self, target: object) -> bool:
        return target in self._by_target

    def __len__(self) -> int:
        return len(self._by_target)

    def spared(self, shaped: Mapping[str, Shaped]) -> dict[str, Shaped]:
        """The targets that nobody vetoed."""
        vetoed = self._by_target
        return {target: s for target, s in shaped.items() if target not in vetoed}

    def of(self, target: str) -> tuple[tuple[Exclusion, str], ...]:
        """Every veto on a target, with the entry that made it, in chain order."""
        return tuple(self._by_target.get(target, ()))

    def causes(self, target: str) -> frozenset[Cause]:
        return frozenset(exclusion.cause for exclusion, _ in self._by_target.get(target, ()))

    def undercut(self, target: str) -> int:
        """The output tokens without which a target is out, where that alone is why; 0: it is not."""
        return self._floors.get(target, 0) if len(self._by_target.get(target, ())) == 1 else 0

    def any_for(self, cause: Cause) -> bool:
        # A loop, because `any` takes twice as long.
        for vetoes in self._by_target.values():
            for exclusion, _ in vetoes:
                if exclusion.cause is cause:
                    return True
        return False

    def yielding(self) -> frozenset[str]:
        """Who made the vetoes that yield."""
        return frozenset(by for vetoes in self._by_target.values() for exclusion, by in vetoes if exclusion.yields)

    def firm(self) -> Vetoes:
        """The same without those that yield."""
        kept = Vetoes()
        kept._floors = self._floors
        for vetoes in self._by_target.values():
            for exclusion, by in vetoes:
                if not exclusion.yields:
                    kept.add(exclusion, by)
        return kept

    def candidates(self, shaped: Mapping[str, Shaped]) -> tuple[Candidate, ...]:
        """The excluded targets, each with its first veto."""
        return tuple(
            [
                Candidate(target, shaped[target].estimate, None, vetoes[0][1], vetoes[0][0].reason)
                for target, vetoes in self._by_target.items()
                if target in shaped
            ]
        )
