/* The explorer's state: it stands in the address, moves the controls, and tells every panel. */
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("page").textContent);
  const state = { tab: page.tab }, panels = {}, unpacked = {};
  let running = null, again = false, walk = null;

  const short = (v) => (v && Math.abs(v) < 1e-3 ? v.toExponential(2) : Math.abs(v) < 1e3 ? +v.toPrecision(3) : Math.round(v));
  const brief = (v) => (typeof v === "number" ? String(short(v)).replace(/-/g, "−") : v ?? "");
  const part = (told) => (told.by ? state[told.by] : "");
  const choices = (key) => page.keys[key].choices[part(page.keys[key])] ?? [];
  const index = (key) => choices(key).findIndex(([value]) => value === state[key]);
  const words = (key) => (choices(key)[index(key)] ?? ["", ""])[1];
  const fill = (template, row) => template.replace(/\{(\w+)\}/g, (_, name) =>
    brief(name in row ? row[name] : name in page.keys ? words(name) : ""));
  const near = (values, wanted) =>
    values.reduce((best, v) => (Math.abs(v - wanted) < Math.abs(best - wanted) ? v : best), values[0]);

  /* Every key takes a value that it can have; numbers the nearest one. */
  function settle() {
    if (!(state.tab in page.views)) state.tab = page.tab;
    for (const [key, told] of Object.entries(page.keys)) {
      const values = choices(key).map(([value]) => value), number = Number(state[key] ?? NaN);
      if (values.includes(state[key]) || !values.length) continue;
      const isNumber = typeof values[0] === "number" && Number.isFinite(number);
      state[key] = isNumber ? near(values, number) : values.includes(told.start) ? told.start : values[0];
    }
  }
  function readAddress() {
    Object.assign(state, Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
  }
  function writeAddress() {
    const kept = page.views[state.tab].map((key) => [key, state[key] ?? ""]);
    history.replaceState(null, "", "#" + new URLSearchParams([["tab", state.tab], ...kept]));
  }

  /* A part of a table as rows; figures/explorer/packing.py says how it is packed. */
  async function inflate(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const columns = await new Response(stream).json(), below = columns.low?.below;
    const end = (distances, sign) => distances.map((d, i) => (d === null ? null : columns.mean[i] + sign * d));
    for (const [name, told] of Object.entries(columns)) {
      if (told.names) columns[name] = told.codes.map((code) => told.names[code]);
      else if (told.below) columns[name] = end(below, -1);
      else if ("above" in told) columns[name] = end(told.above ?? below, 1);
    }
    const names = Object.keys(columns);
    const rows = columns[names[0]].map((_, i) => Object.fromEntries(names.map((n) => [n, columns[n][i]])));
    return { rows, distinct: {} };
  }
  /* The rows whose columns have the values that the state, or the query itself, names. */
  async function select({ table, where }) {
    const told = page.tables[table], id = `${table}/${part(told)}`, script = document.getElementById(id);
    if (!script) return { known: id, rows: [], absent: true };
    const { rows, distinct } = await (unpacked[id] ??= inflate(script.textContent));
    const wanted = Object.entries(where).map(([name, key]) => {
      const value = typeof key === "object" ? key.is : state[key];
      const values = (distinct[name] ??= [...new Set(rows.map((row) => row[name]))]);
      return [name, typeof values[0] === "number" && !values.includes(value) ? near(values, value) : value];
    });
    const known = JSON.stringify([id, wanted]);
    return { known, get rows() { return rows.filter((row) => wanted.every(([name, value]) => row[name] === value)); } };
  }

  function pick(panel, row) {
    const found = Object.entries(panel.picks).filter(([, column]) => row?.[column] !== undefined);
    for (const [key, column] of found) state[key] = row[column];
    if (found.length) show();
  }
  const kinds = {
    async chart(panel, node, shown, fresh) {
      if (!shown.view) {
        const options = { renderer: "svg", actions: false, tooltip: { theme: "custom" }, logLevel: 1 };
        shown.view = (await vegaEmbed(node, panel.chart, options)).view;
        shown.view.addEventListener("click", (_, item) => pick(panel, item?.datum));
      }
      for (const [name, rows] of Object.entries(fresh)) shown.view.data(name, rows);
      for (const key of panel.params) shown.view.signal(key, state[key]);
      await shown.view.runAsync();
    },
    sentences(panel, node, shown) {
      const sentences = Object.values(shown.rows)[0].map((row) => fill(panel.template, row));
      node.textContent = sentences.join("; ") || fill(panel.none, {});
    },
    /* Tokens as buttons; influence is the same both ways, and stands once, by the earlier token. */
    passage(panel, node, { rows: { onto, from, tokens } }) {
      const by = new Map([...from.map((row) => [row.target, row]), ...onto.map((row) => [row.source, row])]);
      node.replaceChildren(...tokens.map((token) => {
        const tile = document.createElement("button"), row = { ...by.get(token.position), ...token };
        tile.textContent = token.text;
        tile.title = fill(panel.template, row);
        tile.className = row.influence > 0 ? "harm" : "help";
        tile.dataset.value = row.influence;
        tile.style.setProperty("--strength", Math.sqrt(Math.min(1, Math.abs(row.influence) / token.limit)));
        tile.setAttribute("aria-pressed", token.position === state.token);
        tile.addEventListener("click", () => pick(panel, token));
        return tile;
      }));
    },
  };
  async function update(name, panel) {
    const figure = document.getElementById(name), shown = (panels[name] ??= { known: {}, rows: {} }), fresh = {};
    for (const [dataset, query] of Object.entries(panel.data)) {
      const found = await select(query);
      if (dataset === Object.keys(panel.data)[0]) figure.classList.toggle("absent", Boolean(found.absent));
      if (found.known !== shown.known[dataset]) shown.rows[dataset] = fresh[dataset] = found.rows;
      shown.known[dataset] = found.known;
    }
    await kinds[panel.kind](panel, figure.querySelector(".drawing"), shown, fresh);
  }

  function controls() {
    Object.assign(document.body.dataset, state);
    for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== state.tab;
    for (const link of document.querySelectorAll("nav a")) link.ariaCurrent = link.dataset.to === state.tab ? "page" : "false";
    for (const input of document.querySelectorAll("[data-key]")) {
      const key = input.dataset.key, list = choices(key), told = JSON.stringify(list);
      if (input.type === "range") input.max = Math.max(0, list.length - 1);
      else if (input.dataset.told !== told) input.replaceChildren(...list.map(([, text], i) => new Option(text, i)));
      input.dataset.told = told;
      input.value = index(key);
      if (input.type === "range") input.ariaValueText = input.nextElementSibling.value = words(key);
    }
    document.getElementById(`claim-${state.claim}`)?.setAttribute("open", "");
  }
  /* One drawing at a time; what changed meanwhile is drawn after it. */
  async function show() {
    settle();
    controls();
    writeAddress();
    again = true;
    running ??= (async () => {
      for (; again; document.body.dataset.shown = location.hash) {
        again = false;
        for (const [name, panel] of Object.entries(page.panels)) if (panel.tab === state.tab) await update(name, panel);
      }
    })().finally(() => { running = null; });
    return running;
  }
  function play(button) {
    const key = button.dataset.play, next = () => choices(key)[index(key) + 1];
    const stop = () => { clearInterval(walk); walk = null; button.textContent = "▶ play"; };
    if (walk) return stop();
    if (!next()) state[key] = choices(key)[0][0];
    button.textContent = "⏸ pause";
    walk = setInterval(() => { if (!next()) return stop(); state[key] = next()[0]; show(); }, 350);
  }

  for (const input of document.querySelectorAll("[data-key]"))
    input.addEventListener("input", () => { state[input.dataset.key] = choices(input.dataset.key)[input.value][0]; show(); });
  for (const button of document.querySelectorAll("[data-play]")) button.addEventListener("click", () => play(button));
  for (const claim of document.querySelectorAll("details[data-claim]"))
    claim.addEventListener("toggle", () => {
      for (const image of claim.querySelectorAll("img")) image.src = page.pictures[image.dataset.figure];
      if (claim.open) state.claim = claim.dataset.claim;
      else if (state.claim === claim.dataset.claim) state.claim = "";
      writeAddress();
    });
  addEventListener("hashchange", () => { readAddress(); show(); });
  window.explorer = { state, panels };
  readAddress();
  show();
})();
