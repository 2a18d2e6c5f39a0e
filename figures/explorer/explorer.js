/* The explorer's state: it stands in the address, moves the controls, and tells every panel. */
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("page").textContent);
  const state = { tab: page.tab }, panels = {}, unpacked = {};
  let running = false, again = false, walk;
  const brief = (v) => typeof v !== "number" ? v ?? "" : String(v && Math.abs(v) < 1e-3 ? v.toExponential(2)
    : Math.abs(v) < 1e3 ? +v.toPrecision(3) : Math.round(v)).replace(/-/g, "−");
  const part = (told) => (told.by ? state[told.by] : "");  // of a table or of choices, by another key
  const choices = (key) => page.keys[key].choices[part(page.keys[key])] ?? [];
  const index = (key) => choices(key).findIndex(([value]) => value === state[key]);
  const words = (key) => (choices(key)[index(key)] ?? ["", ""])[1];
  const fill = (template, row) => template.replace(/\{(\w+)\}/g, (_, name) =>
    brief(name in row ? row[name] : name in page.keys ? words(name) : ""));
  const near = (values, to) => values.reduce((a, b) => (Math.abs(b - to) < Math.abs(a - to) ? b : a), values[0]);

  /* Every key takes a value that it can have; numbers the nearest one. */
  function settle() {
    if (!(state.tab in page.views)) state.tab = page.tab;
    for (const [key, told] of Object.entries(page.keys)) {
      const values = choices(key).map(([value]) => value), number = parseFloat(state[key] ?? told.start);
      if (values.includes(state[key]) || !values.length) continue;
      if (typeof values[0] === "number" && Number.isFinite(number)) state[key] = near(values, number);
      else state[key] = values.includes(told.start) ? told.start : values[0];
    }
  }
  const readAddress = () => Object.assign(state, Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
  function writeAddress() {
    const kept = ["tab", ...page.views[state.tab]].map((key) => [key, state[key] ?? ""]);
    history.replaceState(null, "", "#" + new URLSearchParams(kept));
  }

  /* A part of a table as rows; figures/explorer/packing.py says how it is packed. */
  async function inflate(text) {
    const stream = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]).stream();
    const columns = await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).json();
    const below = columns.low?.below;
    const end = (distances, sign) => distances.map((d, i) => (d === null ? null : columns.mean[i] + sign * d));
    for (const [name, told] of Object.entries(columns)) {
      if (told.names) columns[name] = told.codes.map((code) => told.names[code]);
      else if (told.below) columns[name] = end(below, -1);
      else if ("above" in told) columns[name] = end(told.above ?? below, 1);
    }
    const names = Object.keys(columns);
    return columns[names[0]].map((_, i) => Object.fromEntries(names.map((name) => [name, columns[name][i]])));
  }
  /* The rows whose columns have the values that the state, or the query itself, names. */
  async function select({ table, where }) {
    const told = page.tables[table], id = `${table}/${part(told)}`, script = document.getElementById(id);
    if (!script) return { known: id, rows: [], absent: true };
    const rows = await (unpacked[id] ??= inflate(script.textContent));
    const wanted = Object.entries(where).map(([name, key]) => {
      const value = typeof key === "object" ? key.is : state[key];
      return [name, typeof value === "number" ? near(rows.map((row) => row[name]), value) : value];
    });
    const fits = (row) => wanted.every(([name, value]) => row[name] === value);
    return { known: JSON.stringify([id, wanted]), get rows() { return rows.filter(fits); } };
  }
  function pick(panel, row) {
    const found = Object.entries(panel.picks).filter(([, column]) => row?.[column] !== undefined);
    for (const [key, column] of found) state[key] = row[column];
    if (found.length) show();
  }
  const kinds = {
    async chart(panel, node, shown, fresh) {
      if (!shown.view) {
        const plain = { renderer: "svg", actions: false, tooltip: { theme: "custom" }, logLevel: 1 };
        shown.view = (await vegaEmbed(node, panel.chart, plain)).view;
        shown.view.addEventListener("click", (_, item) => pick(panel, item?.datum));
      }
      for (const [name, rows] of Object.entries(fresh)) shown.view.data(name, rows);
      for (const key of panel.params) shown.view.signal(key, state[key]);
      await shown.view.runAsync();
    },
    sentences(panel, node, shown) {
      node.textContent = Object.values(shown.rows)[0].map((row) => fill(panel.template, row)).join("; ") || panel.none;
    },
    /* Tokens as buttons; influence is the same both ways, and stands once, by the earlier token. */
    passage(panel, node, { rows: { onto, from, tokens } }) {
      const by = new Map([...from.map((row) => [row.target, row]), ...onto.map((row) => [row.source, row])]);
      node.replaceChildren(...tokens.map((token) => {
        const tile = document.createElement("button"), row = { ...by.get(token.position), ...token };
        tile.dataset.value = row.influence;
        tile.style.setProperty("--strength", Math.sqrt(Math.min(1, Math.abs(row.influence) / token.limit)));
        return Object.assign(tile, { textContent: token.text, title: fill(panel.template, row),
          className: row.influence > 0 ? "harm" : "help", ariaPressed: String(token.position === state.token),
          onclick: () => pick(panel, token) });
      }));
    },
  };
  async function update(name, panel) {
    const figure = document.getElementById(name), shown = (panels[name] ??= { known: {}, rows: {} }), fresh = {};
    for (const [dataset, query] of Object.entries(panel.data)) {
      const found = await select(query);
      if (dataset === Object.keys(panel.data)[0]) figure.classList.toggle("absent", !!found.absent && !panel.none);
      if (found.known !== shown.known[dataset]) shown.rows[dataset] = fresh[dataset] = found.rows;
      shown.known[dataset] = found.known;
    }
    await kinds[panel.kind](panel, figure.querySelector(".drawing"), shown, fresh);
  }
  function controls() {
    Object.assign(document.body.dataset, state);
    for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== state.tab;
    for (const link of document.querySelectorAll("nav a")) link.ariaCurrent = String(link.dataset.to === state.tab);
    for (const input of document.querySelectorAll("[data-key]")) {
      const key = input.dataset.key, list = choices(key), slides = input.type === "range";
      if (slides) input.max = Math.max(0, list.length - 1);
      else if (input.told !== list) input.replaceChildren(...list.map(([, text], i) => new Option(text, i)));
      input.told = list;
      input.value = index(key);
      if (slides) input.ariaValueText = input.nextElementSibling.value = words(key);
    }
    document.getElementById(`claim-${state.claim}`)?.setAttribute("open", "");
  }
  /* One drawing at a time; what changed meanwhile is drawn after it. */
  async function show() {
    for (const step of [settle, controls, writeAddress]) step();
    again = true;
    if (running) return;
    try {
      for (running = true; again; document.body.dataset.shown = location.hash) {
        again = false;
        for (const [name, panel] of Object.entries(page.panels)) if (panel.tab === state.tab) await update(name, panel);
      }
    } finally { running = false; }
  }
  function play(button) {
    const key = button.dataset.play, next = () => choices(key)[index(key) + 1];
    walk = walk ? clearInterval(walk) : setInterval(() => {
      if (!next()) return play(button);
      state[key] = next()[0];
      show();
    }, 350);
    if (walk && !next()) state[key] = choices(key)[0][0];
    button.textContent = walk ? "⏸ pause" : "▶ play";
  }
  addEventListener("click", ({ target }) => { if (target.dataset?.play) play(target); });
  addEventListener("input", ({ target: { dataset, value } }) => {
    state[dataset.key] = choices(dataset.key)[value][0], show();
  });
  addEventListener("toggle", ({ target: claim }) => {
    for (const image of claim.querySelectorAll("img")) image.src = page.pictures[image.dataset.figure];
    state.claim = claim.open ? claim.dataset.claim : state.claim === claim.dataset.claim ? "" : state.claim;
    writeAddress();
  }, true);
  addEventListener("hashchange", () => { readAddress(); show(); });
  window.explorer = { state, panels };
  readAddress(), show();
})();
