"""All boards together: on which of them a method wins, ties or loses against the baseline."""

from collections.abc import Mapping

from bench.site.standing import Standing


def verdicts(standings: Mapping[str, Standing]) -> dict[str, dict[str, str]]:
    """Row -> board -> win, tie or loss; most wins first, then fewest losses, and references after all methods."""
    found: dict[str, dict[str, str]] = {}
    references = {row for one in standings.values() for row in one.references}
    for name, one in standings.items():
        for row, gain in one.gains.items():
            if " {" not in row:
                found.setdefault(row, {})[name] = gain.verdict

    def place(row: str) -> tuple[bool, int, int, str]:
        own = list(found[row].values())
        return row in references, -own.count("win"), own.count("loss"), row

    return {row: found[row] for row in sorted(found, key=place)}
