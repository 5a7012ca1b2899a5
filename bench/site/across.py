"""All boards together: on which of them a method wins, ties or loses against the baseline."""

from collections.abc import Mapping

from bench.site.standing import Standing


def verdicts(standings: Mapping[str, Standing]) -> dict[str, dict[str, str]]:
    """Method -> board -> win, tie or loss; the methods with the most wins come first, then those with fewer losses."""
    found: dict[str, dict[str, str]] = {}
    for name, one in standings.items():
        for row, gain in one.gains.items():
            if " {" not in row:
                found.setdefault(row, {})[name] = gain.verdict

    def place(row: str) -> tuple[int, int, str]:
        own = list(found[row].values())
        return -own.count("win"), own.count("loss"), row

    return {row: found[row] for row in sorted(found, key=place)}
