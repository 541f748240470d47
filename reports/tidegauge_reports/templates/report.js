"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  // A sandboxed frame has no storage; the theme then lasts as long as the page.
  const remember = (value) => { try { localStorage.setItem("tidegauge-theme", value); } catch { /* none */ } };
  const recall = () => { try { return localStorage.getItem("tidegauge-theme"); } catch { return null; } };
  const theme = byId("theme");
  if (theme) {
    const dark = () => root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    const name = () => { theme.textContent = dark() ? "Light theme" : "Dark theme"; };
    if (["dark", "light"].includes(recall())) root.dataset.theme = recall();
    theme.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      remember(root.dataset.theme);
      name();
    });
    name();
    theme.hidden = false;
  }

  const table = byId("results");
  if (table) {
    const PAGE = 200;
    const body = table.tBodies[0];
    let rows = [...body.rows];
    const original = rows;
    const texts = new Map();
    const text = (row) => {
      if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
      return texts.get(row);
    };
    const search = byId("search");
    const boxes = [...document.querySelectorAll("#outcomes input")];
    const status = byId("shown");
    const more = byId("more");
    let room = PAGE;

    const show = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      let found = 0;
      for (const row of rows) {
        const fits = wanted.has(row.className) && words.every((word) => text(row).includes(word));
        if (fits) found += 1;
        const hide = !fits || found > room;
        if (row.hidden !== hide) row.hidden = hide;
      }
      const total = rows.length.toLocaleString("en");
      const visible = Math.min(found, room).toLocaleString("en");
      status.textContent = found > room
        ? `${visible} of ${found.toLocaleString("en")} matching checks shown`
        : `${visible} of ${total} checks shown`;
      more.hidden = found <= room;
    };
    const again = () => { room = PAGE; show(); };

    let timer = 0;
    search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(again, 80); });
    boxes.forEach((box) => box.addEventListener("change", again));
    more.addEventListener("click", () => { room += 5 * PAGE; show(); });

    const key = (row, column) => {
      const cell = row.cells[column].textContent;
      if (column < 4 || column === 6) return cell.toLowerCase();
      const value = parseFloat(cell.replace(/[<>,\s]/g, ""));
      return Number.isNaN(value) ? Infinity : /^[^a-z]*%/.test(cell) ? value / 100 : value;
    };
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.title = "Sort by this column";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        if (before === "descending") {
          rows = original;
        } else {
          const up = before === null;
          head.setAttribute("aria-sort", up ? "ascending" : "descending");
          if (column === 0) {  // the page lists outcomes worst first already
            rows = up ? [...original] : [...original].reverse();
          } else {
            const keyed = original.map((row) => [key(row, column), row]);
            keyed.sort(([a], [b]) => {
              if (a === b) return 0;
              if (a === Infinity || b === Infinity) return a === Infinity ? 1 : -1;
              return (a < b ? -1 : 1) * (up ? 1 : -1);
            });
            rows = keyed.map(([, row]) => row);
          }
        }
        body.append(...rows);
        again();
      });
    });

    document.querySelectorAll("a[data-find]").forEach((link) => link.addEventListener("click", () => {
      search.value = link.dataset.find;
      boxes.forEach((box) => { box.checked = true; });
      again();
    }));
    document.querySelectorAll(".tools").forEach((tools) => { tools.hidden = false; });
    show();
  }

  // A link to a folded card opens it, and whatever it lies in.
  const open = () => {
    const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let opened = false;
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS" && !at.open) { at.open = true; opened = true; }
    }
    if (opened) target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
})();
