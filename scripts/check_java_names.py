"""Fails when two fields of a message give the same accessor in generated Java; protoc and buf lint notice nothing.

`string token` beside `bytes token_bytes` is the classic: both make getTokenBytes().
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet

ROOT = Path(__file__).resolve().parent.parent
BUF = Path(sys.executable).with_name("buf")
SUFFIXES_BY_TYPE = {
    FieldDescriptorProto.TYPE_STRING: ("Bytes",),
    FieldDescriptorProto.TYPE_MESSAGE: ("OrBuilder", "Builder"),
    FieldDescriptorProto.TYPE_ENUM: ("Value",),
}
SUFFIXES_IF_REPEATED = ("List", "Count", "Map", "OrBuilderList")


def camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def accessors(field: FieldDescriptorProto) -> list[str]:
    """What protoc's Java generator puts behind `get` for one field."""
    suffixes = ("", *SUFFIXES_BY_TYPE.get(field.type, ()))
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        suffixes += SUFFIXES_IF_REPEATED
    return [camel(field.name) + suffix for suffix in suffixes]


def clashes(message: DescriptorProto, prefix: str) -> Iterator[str]:
    """One sentence for each clash in `message` and the messages within it."""
    name = f"{prefix}.{message.name}"
    owners: dict[str, str] = {}
    made = [(accessor, field.name) for field in message.field for accessor in accessors(field)]
    # protoc wraps each proto3 `optional` into a oneof of its own, which Java does not show.
    wrappers = {field.oneof_index for field in message.field if field.proto3_optional}
    made += [
        (camel(oneof.name) + "Case", f"oneof {oneof.name}")
        for index, oneof in enumerate(message.oneof_decl)
        if index not in wrappers
    ]
    for accessor, owner in made:
        other = owners.setdefault(accessor, owner)
        if other != owner:
            yield f"{name}: {other} and {owner} both make get{accessor}(); rename one"
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from clashes(nested, name)


def main() -> int:
    image = subprocess.run(
        [BUF, "build", "--as-file-descriptor-set", "-o", "-"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    files = [file for file in FileDescriptorSet.FromString(image).file if file.package.startswith("pointsman.")]
    if not files:
        raise SystemExit("buf build found no file of package pointsman.*: nothing was checked")
    found = [clash for file in files for message in file.message_type for clash in clashes(message, file.package)]
    for clash in found:
        print(clash, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
