"use strict";
// Tables sort by buttons in their headings and are filtered by the controls above them; charts are drawn when they
// come near the screen. Nothing is fetched.

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  rows.forEach((row, place) => { row.dataset.place = place; });
  table.querySelectorAll("thead th").forEach((head, column) => {
    head.querySelector("button")?.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...rows.sort((a, b) => compare(a, b, column, down ? -1 : 1)));
    });
  });
}

function compare(a, b, column, sign) {
  const [x, y] = [a, b].map((row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim());
  if ((x === "") !== (y === "")) return x === "" ? 1 : -1; // what has no value comes last, either way
  const difference = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
  return sign * difference || a.dataset.place - b.dataset.place;
}

for (const tools of document.querySelectorAll("form.tools")) {
  const table = document.getElementById(tools.dataset.table);
  const said = tools.querySelector("output");
  const update = () => {
    const wanted = new FormData(tools);
    const words = (wanted.get("words") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const name = row.cells[0].textContent.toLowerCase();
      const role = row.dataset.role;
      row.hidden = !words.every((word) => name.includes(word))
        || (wanted.has("single") && row.dataset.stack === "1")
        || (wanted.has("best") && role === "others");
      shown += !row.hidden;
    }
    const metric = wanted.get("metric");
    if (metric) {
      for (const cell of table.querySelectorAll("[data-metric]")) cell.hidden = cell.dataset.metric !== metric;
    }
    if (said) said.textContent = `${shown} of ${table.tBodies[0].rows.length} rows`;
  };
  tools.hidden = false;
  tools.addEventListener("input", update);
  tools.addEventListener("submit", (event) => event.preventDefault());
  update();
}

const options = { renderer: "svg", actions: false };
const draw = (chart) => {
  const spec = JSON.parse(document.getElementById(chart.dataset.spec).textContent);
  vegaEmbed(chart, spec, options).then(() => { chart.dataset.drawn = "1"; }, (error) => console.error(error));
};
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) {
      near.unobserve(entry.target);
      draw(entry.target);
    }
  }
}, { rootMargin: "600px" });
for (const chart of document.querySelectorAll(".chart")) near.observe(chart);
