"""Checks the form of results.json; of figures it asks only that they are there, and never what they are.

usage: check_results.py RESULTS.json
"""

import json
import sys

rows = json.load(open(sys.argv[1]))
assert rows, "no rows"
names = [(row["part"], row["row"]) for row in rows]
assert len(set(names)) == len(names), f"a row is there twice: {names}"
for row in rows:
    wanted = {"row", "ours", "twin", "unit", "ratio", "aim", "met"}
    assert wanted <= row.keys(), f"{row['row']} lacks {wanted - row.keys()}"
    if "why" in row:
        assert row["why"] and row["ours"] is None and row["met"] is None, row
        continue
    assert row["unit"] and row["ours"] >= 0, row
    assert row["ratio"] is not None or not row["twin"], row
    assert (row["aim"] is None) == (row["met"] is None), row
    low, high = row["spread"]
    assert low <= high, row
    if row["ratio"] is not None:
        assert abs(row["ratio"] - row["ours"] / row["twin"]) <= 1e-3 * row["ratio"], row
    if row["aim"] is not None:
        reached = {"ratio": row["ratio"], "ours": row["ours"], "added": row["ours"] - (row["twin"] or 0)}[row["aim_of"]]
        slack = 1e-3 * max(abs(row["aim"]), abs(reached))  # the file has six digits
        assert row["met"] == (reached <= row["aim"]) or abs(reached - row["aim"]) <= slack, row
print(f"{len(rows)} rows, {sum('why' in row for row in rows)} of them not here")
