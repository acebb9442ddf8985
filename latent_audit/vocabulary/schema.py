"""The JSON schema of audit.json, made from the types in `record/`.

`python -m latent_audit.vocabulary.schema` prints it. Released versions are files beside
`reports/record/audit_json.py`; this is the open version, the one that is written.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from latent_audit.vocabulary.record.audit import OPEN_VERSION, Audit


@cache
def open_schema() -> Mapping[str, Any]:
    """Returns the schema of the version that is written: JSON Schema, draft 2020-12."""
    made = TypeAdapter(Audit).json_schema(ref_template="#/$defs/{model}", schema_generator=_Schema)
    title = f"latent-audit audit.json, version {OPEN_VERSION}"
    return {"$schema": _Schema.schema_dialect, "title": title, **made}


class _Schema(GenerateJsonSchema):
    """Pydantic's schema with null beside a type rather than as an alternative, so that faults read well."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        if not isinstance(inner.get("type"), str):
            return super().nullable_schema(schema)
        words = {"enum": [*inner["enum"], None]} if "enum" in inner else {}
        return {**inner, "type": [inner["type"], "null"], **words}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        made = super().literal_schema(schema)
        return {"type": made.pop("type"), **made}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return {key: value for key, value in made.items() if (key, value) != ("additionalProperties", True)}

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        made = super().typed_dict_schema(schema)
        del made["title"]  # its name in $defs
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value


if __name__ == "__main__":
    print(json.dumps(open_schema(), indent=1))
