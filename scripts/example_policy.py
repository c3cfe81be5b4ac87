"""plugins/example-policy/ is what `pointsman plugins new example-policy` writes; here it cannot drift.

python scripts/example_policy.py           writes it
python scripts/example_policy.py --check   names the files that differ, exit 1 if any does
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pointsman.cli.plugin_package import render

ROOT = Path(__file__).resolve().parent.parent
NAME = "example-policy"
EXAMPLE = ROOT / "plugins" / NAME


def committed() -> dict[str, str]:
    """Its files by their path; caches do not count, nor does what an installation leaves."""
    paths = [path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*") if path.is_file()]
    kept = [path for path in paths if not any(part.startswith((".", "__pycache__", "dist")) for part in path.parts)]
    return {path.as_posix(): (EXAMPLE / path).read_text(encoding="utf-8") for path in kept}


def main() -> int:
    parser = argparse.ArgumentParser(description=f"plugins/{NAME} from the template of `pointsman plugins new`.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check = parser.parse_args().check

    EXAMPLE.mkdir(exist_ok=True)
    fresh, present = dict(render(NAME)), committed()
    differing = sorted(path for path in fresh.keys() | present.keys() if fresh.get(path) != present.get(path))
    for path in differing:
        if check:
            print(f"plugins/{NAME}/{path} is not what the template gives: run make generate", file=sys.stderr)
        elif path in fresh:
            (EXAMPLE / path).parent.mkdir(parents=True, exist_ok=True)
            (EXAMPLE / path).write_text(fresh[path], encoding="utf-8")
        else:
            (EXAMPLE / path).unlink()
    return int(check and bool(differing))


if __name__ == "__main__":
    sys.exit(main())
