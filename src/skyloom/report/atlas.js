// The atlas: rows of galaxies, the maps of the one in view, and the points of the scatter plots.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("atlas-data").textContent);
  const list = byId("atlas-list"), about = byId("atlas-about"), value = byId("atlas-value");
  const inspector = document.querySelector(".inspector");
  const form = Object.fromEntries(
    ["sort", "order", "case", "snapshot", "name"].map((name) => [name, byId(`atlas-${name}`)]));
  const narrow = window.matchMedia("(max-width: 900px)");
  const STEP = 12;
  const titles = { entropy: "entropy", mass: "gas mass", temperature: "temperature" };
  let bokeh = null;      // the document of all charts
  let order = [];        // galaxies as sorted and filtered
  let shown = STEP;      // how many of them have a row
  let viewed = null;     // whose maps are shown
  let kept = null;       // the one that was clicked
  let maps = null;       // its maps: {entropy, mass, temperature}, Float32Array
  let place = null;      // the pixel that is read: [column, row]

  const signed = (number, digits) =>
    (number < 0 ? "−" : "+") + Math.abs(number).toFixed(digits);
  const error = (i) => data.predicted[form.case.value][i] - data.ssfr[i];
  const powers = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const scientific = (number) => {
    if (number >= 0.01 && number < 10000) return Number(number.toPrecision(3)).toString();
    let power = Math.floor(Math.log10(number)), head = (number / 10 ** power).toFixed(1);
    if (head === "10.0") { head = "1.0"; power += 1; }
    const digits = [...String(Math.abs(power))].map((digit) => powers[digit]).join("");
    return `${head} × 10${power < 0 ? "⁻" : ""}${digits}`;
  };

  // Rows.
  const arrange = () => {
    const keys = {
      ssfr: (i) => data.ssfr[i], mass: (i) => data.mass[i], snapshot: (i) => data.snapshot[i],
      error: (i) => Math.abs(error(i)), id: (i) => i,
    };
    const key = keys[form.sort.value], sign = form.order.value === "down" ? -1 : 1;
    const words = form.name.value.trim();
    order = data.id.map((_, i) => i).filter((i) =>
      (!form.snapshot.value || String(data.snapshot[i]) === form.snapshot.value)
      && (!words || data.id[i].includes(words)));
    order.sort((a, b) => sign * (key(a) - key(b)) || a - b);
    fill();
  };
  const fill = () => {
    if (narrow.matches) list.before(inspector);
    list.replaceChildren(...order.slice(0, shown).map(row));
    const count = Math.min(shown, order.length);
    byId("atlas-count").textContent = order.length
      ? `${count} of ${order.length} galaxies shown` +
        (order.length < data.id.length ? ` (of ${data.id.length} in all)` : "")
      : "No galaxy fits; clear the name or choose another snapshot.";
    byId("atlas-more").hidden = shown >= order.length;
    mark();
  };
  const row = (i) => {
    const item = document.createElement("li");
    item.dataset.index = i;
    const tiles = data.cases.map(([, label], k) =>
      `<span class="tile"><i style="background-position:${(100 * k) / Math.max(1, data.cases.length - 1)}% 0"></i>` +
      `<small aria-hidden="true">${label}</small></span>`).join("");
    const names = data.cases.map(([, label]) => label).join(", ");
    item.innerHTML =
      `<div class="who"><button type="button" aria-pressed="false">${data.id[i]}</button>` +
      `<dl><div><dt>log sSFR</dt><dd>${signed(data.ssfr[i], 2)}</dd></div>` +
      `<div><dt>error</dt><dd>${signed(error(i), 2)} dex</dd></div>` +
      `<div><dt>log M★</dt><dd>${data.mass[i].toFixed(2)}</dd></div></dl></div>` +
      `<div class="tiles" role="img" aria-label="Galaxy ${data.id[i]} in ${data.cases.length} variants: ${names}">${tiles}</div>`;
    item.style.setProperty("--strip", `url(${data.strips[i]})`);
    item.style.setProperty("--count", data.cases.length);
    return item;
  };
  const mark = () => {
    for (const item of list.children) {
      const own = Number(item.dataset.index);
      item.classList.toggle("viewed", own === viewed);
      item.classList.toggle("kept", own === kept);
      item.querySelector("button")?.setAttribute("aria-pressed", String(own === kept));
    }
    if (!narrow.matches) return;
    // On a narrow page the maps open below their row.
    const item = list.querySelector(".viewed");
    if (item) item.append(inspector);
  };

  // Maps.
  const unpack = async (i) => {
    const image = new Image();
    image.src = data.maps[i];
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const bytes = context.getImageData(0, 0, image.width, image.height).data;
    const size = data.bins * data.bins;
    return Object.fromEntries(data.channels.map((channel, c) => {
      const low = data.low[c], span = data.high[c] - low;
      const values = new Float32Array(size);
      for (let k = 0; k < size; k += 1) {
        const level = bytes[4 * (c * size + k)];
        values[k] = level === 0 ? NaN : 10 ** (low + (span * (level - 1)) / 254);
      }
      return [channel, values];
    }));
  };
  const view = async (i) => {
    if (i === viewed) return;
    viewed = i;
    mark();
    const case_ = form.case.options[form.case.selectedIndex].text;
    about.innerHTML =
      `<b>${data.id[i]}</b> snapshot ${data.snapshot[i]}, z = ${data.redshift[i].toFixed(2)} · ` +
      `log sSFR/yr⁻¹ ${signed(data.ssfr[i], 2)}, ${case_} predicts ` +
      `${signed(data.predicted[form.case.value][i], 2)} · log M★/M☉ ${data.mass[i].toFixed(2)}`;
    const unpacked = await unpack(i);
    if (i !== viewed || !bokeh) return;
    maps = unpacked;
    const source = bokeh.get_model_by_name("atlas-maps");
    const side = data.width * data.kpc[i];
    for (const channel of data.channels) source.data[channel][0].set(maps[channel]);
    [source.data.x[0], source.data.y[0], source.data.side[0]] = [-side / 2, -side / 2, side];
    source.change.emit();
    read();
  };

  // The value under the pointer, in all maps at once.
  const read = () => {
    const cross = bokeh.get_model_by_name("atlas-cross");
    if (!maps || !place) {
      value.textContent = "Move over a map, or press the arrow keys on it, to read its values.";
      return;
    }
    const side = data.width * data.kpc[viewed], pixel = side / data.bins;
    const [column, line] = place;
    const x = (column + 0.5) * pixel - side / 2, y = (line + 0.5) * pixel - side / 2;
    cross.data = { x: [x], y: [y] };
    const parts = data.channels.map((channel, c) => {
      const found = maps[channel][line * data.bins + column];
      return Number.isNaN(found) ? null
        : `${titles[channel]} ${scientific(found)} ${data.units[c]}`;
    });
    const where = `At (${x.toFixed(1)}, ${y.toFixed(1)}) kpc: `.replaceAll("-", "−");
    value.textContent = where + (parts.includes(null) ? "no gas" : parts.join(" · "));
  };
  const at = (x, y) => {
    if (viewed === null || !maps) return;
    const side = data.width * data.kpc[viewed];
    const inside = (number) => Math.floor(((number + side / 2) / side) * data.bins);
    const [column, line] = [inside(x), inside(y)];
    if (Math.min(column, line) < 0 || Math.max(column, line) >= data.bins) return;
    place = [column, line];
    read();
  };
  byId("atlas-cross").addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const move = moves[event.key];
    if (!move || !maps) return;
    event.preventDefault();
    const step = event.shiftKey ? 8 : 1, middle = Math.floor(data.bins / 2);
    place = (place ?? [middle, middle]).map((old, axis) =>
      Math.min(data.bins - 1, Math.max(0, old + step * move[axis])));
    read();
  });

  // Choosing: rows and points know of each other.
  const choose = (i, { scroll = false } = {}) => {
    kept = i;
    if (i !== null) {
      if (!order.includes(i)) {
        form.name.value = form.snapshot.value = "";
        arrange();
      }
      const rank = order.indexOf(i);
      if (rank >= shown) {
        shown = STEP * Math.ceil((rank + 1) / STEP);
        fill();
      }
      view(i);
    }
    mark();
    const points = bokeh?.get_model_by_name("galaxies");
    const wanted = i === null ? [] : [i];
    if (points && String(points.selected.indices) !== String(wanted)) {
      points.selected.indices = wanted;
    }
    if (scroll && i !== null) {
      const item = list.querySelector(`[data-index="${i}"]`);
      item.querySelector("button").focus({ preventScroll: true });
      item.scrollIntoView({ block: narrow.matches ? "start" : "center" });
    }
  };
  const own = (event) => {
    const item = event.target.closest("#atlas-list > li");
    return item && !event.target.closest(".inspector") ? Number(item.dataset.index) : null;
  };
  let waiting = null;
  list.addEventListener("pointerover", (event) => {
    const i = own(event);
    clearTimeout(waiting);
    // A pointer on its way to the maps passes over other rows.
    if (i !== null && kept === null && event.pointerType === "mouse") {
      waiting = setTimeout(() => view(i), 90);
    }
  });
  list.addEventListener("focusin", (event) => {
    const i = own(event);
    if (i !== null && kept === null) view(i);
  });
  list.addEventListener("click", (event) => {
    const i = own(event);
    if (i !== null) choose(i === kept ? null : i);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && kept !== null && !document.querySelector("dialog[open]")) choose(null);
  });

  // Controls. The case is the same in the atlas and in the scatter plots.
  byId("atlas-controls").addEventListener("submit", (event) => event.preventDefault());
  for (const control of [form.sort, form.order, form.snapshot, form.name]) {
    control.addEventListener("input", () => { shown = STEP; arrange(); });
  }
  byId("atlas-more").addEventListener("click", () => {
    const next = list.children.length;
    shown += 2 * STEP;
    fill();
    list.children[next]?.querySelector("button").focus();
  });
  const plotted = byId("scatter-case");
  const predict = (name) => {
    form.case.value = name;
    if (plotted) plotted.value = name;
    arrange();
    const again = viewed;
    viewed = null;
    if (again !== null) view(again);
    const points = bokeh?.get_model_by_name("galaxies");
    if (!points) return;
    points.data.predicted = data.predicted[name];
    points.data.error = data.id.map((_, i) => error(i));
    points.change.emit();
  };
  for (const control of [form.case, plotted]) {
    control?.addEventListener("input", () => predict(control.value));
  }
  narrow.addEventListener("change", fill);

  arrange();
  window.skyloom.atlas = { at, choose };
  window.skyloom.drawn.then((drawn) => {
    bokeh = drawn;
    const points = bokeh.get_model_by_name("galaxies");
    points?.selected.properties.indices.change.connect(() => {
      const [first] = points.selected.indices;
      if (first === undefined ? kept !== null : first !== kept) {
        choose(first ?? null, { scroll: first !== undefined });
      }
    });
    // A galaxy may have been chosen before there was anything to draw its maps with.
    const first = viewed ?? order[0];
    viewed = null;
    if (first !== undefined) view(first);
    else read();
  });
})();
