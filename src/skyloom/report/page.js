"use strict";
(() => {
  const all = (where, what) => [...where.querySelectorAll(what)];

  // Tables: a click on a heading sorts by it, a second one the other way; missing values stay last.
  const sortBy = (table, column, heading) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    all(table, "thead th").forEach((th) => th.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const key = (row) => {
      const cell = row.cells[column];
      if (cell.classList.contains("number")) {
        return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
      }
      return cell.textContent === "–" ? null : cell.textContent;
    };
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      const order = typeof a === "number" && typeof b === "number"
        ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
      return down ? -order : order;
    });
    body.append(...rows.map(([, row]) => row));
  };
  for (const table of all(document, "table.sortable")) {
    all(table, "thead th").forEach((heading, column) => {
      heading.querySelector("button").addEventListener("click", () => sortBy(table, column, heading));
    });
  }

  // Pictures in their full size.
  const dialog = document.getElementById("full");
  for (const button of all(document, "button.zoom")) {
    button.addEventListener("click", () => {
      const shown = dialog.querySelector("img"), image = button.querySelector("img");
      shown.src = image.src;
      shown.alt = image.alt;
      dialog.showModal();
    });
  }
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  // The section being read is marked among the links.
  const links = new Map(all(document, "nav a").map((a) => [a.hash.slice(1), a]));
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((a) => a.removeAttribute("aria-current"));
      const link = links.get(entry.target.id);
      if (!link) continue;
      link.setAttribute("aria-current", "true");
      const row = link.closest("ul");
      row.scrollLeft = link.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
    }
  }, { rootMargin: "-30% 0px -65% 0px" });
  all(document, "main > section").forEach((section) => watch.observe(section));

  // Charts.
  const charts = document.getElementById("charts");
  const drawn = (async () => {
    if (!charts) return null;
    const { documents, items } = JSON.parse(charts.textContent);
    await Bokeh.embed.embed_items(documents, items);
    return Bokeh.documents[0];
  })();
  window.skyloom = { drawn };
})();
