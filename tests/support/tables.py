"""Tables of docs/verification.md that tests hold the product to."""

import os


def table(heading):
    """The rows, as tuples of cells, of the first table below a heading."""
    path = os.path.join(os.environ.get("PJ_SRCDIR", "."), "docs",
                        "verification.md")
    rows = []
    inside = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                if rows:
                    break
                inside = line.lstrip("#").strip() == heading
            elif inside and line.startswith("|"):
                rows.append(tuple(cell.strip().strip("`")
                                  for cell in line.strip("|\n ").split("|")))
    assert len(rows) > 2, f"no table below {heading!r} in {path}"
    return rows[2:]
