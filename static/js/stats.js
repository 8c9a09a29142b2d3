// Live plots of one container's resource use: the last five minutes, one sample per second.
import uPlot from "../vendor/uplot/dist/uPlot.esm.js";

const WINDOW = 300; // seconds
const HEIGHT = 192;

const page = document.getElementById("stats");
const again = document.getElementById("stats-again");
// Each language has its time format. English has several, and the browser knows which.
const language = document.documentElement.lang === "en" ? [] : document.documentElement.lang;
let stream = null;
let samples = [];

const say = (text, tone) => {
  document.getElementById("stats-state").textContent = text;
  document.getElementById("stats-dot").className = `dot${tone ? ` is-${tone}` : ""}`;
};
const bytes = (count) => {
  if (count === null || count === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let amount = count;
  let unit = 0;
  while (Math.abs(amount) >= 999.95 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit ? amount.toPrecision(3) : Math.round(amount)} ${units[unit]}`;
};
const percent = (value) => (value === null || value === undefined ? "–" : `${value.toFixed(value < 10 ? 1 : 0)} %`);

// Returns the growth of a counter per second; null across a gap or a restart of the container.
const rate = (name) => (sample, before) => {
  if (!before || sample[name] === null || before[name] === null || sample[name] < before[name]) return null;
  return (sample[name] - before[name]) / Math.max(0.1, sample.when - before.when);
};
const PLOTS = {
  cpu: { fields: ["cpu_percent"], series: [["used", (sample) => sample.cpu_percent, "--tblr-primary"]], show: percent, now: ([used]) => interpolate(gettext("%(percent)s of one processor"), { percent: percent(used) }, true) },
  memory: {
    fields: ["memory"],
    series: [["used", (sample) => sample.memory, "--tblr-azure"], ["limit", (sample) => sample.memory_limit, "--tblr-red"]],
    show: bytes,
    now: ([used, limit]) => (limit ? interpolate(gettext("%(used)s of %(limit)s (%(percent)s)"), { used: bytes(used), limit: bytes(limit), percent: percent((used / limit) * 100) }, true) : interpolate(gettext("%(used)s, no limit"), { used: bytes(used) }, true)),
  },
  network: { fields: ["network_in", "network_out"], series: [["in", rate("network_in"), "--tblr-green"], ["out", rate("network_out"), "--tblr-orange"]], show: (value) => `${bytes(value)}/s`, now: ([into, out]) => interpolate(gettext("%(into)s/s in, %(out)s/s out"), { into: bytes(into), out: bytes(out) }, true) },
  block: { fields: ["block_read", "block_written"], series: [["read", rate("block_read"), "--tblr-green"], ["written", rate("block_written"), "--tblr-orange"]], show: (value) => `${bytes(value)}/s`, now: ([read, written]) => `${bytes(read)}/s read, ${bytes(written)}/s written` },
};

// Returns the computed color of a custom property, since canvas does not support light-dark().
const colour = (name) => {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  page.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

const make = (name, place) => {
  const { series, show } = PLOTS[name];
  const ink = colour("--tblr-secondary");
  const grid = { stroke: colour("--tblr-border-color"), width: 1 };
  const options = {
    width: place.clientWidth - 16,
    height: HEIGHT - 8,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: true, range: () => { const now = samples.at(-1)?.when ?? Date.now() / 1000; return [now - WINDOW, now]; } },
      y: { range: (_, low, high) => [0, name === "cpu" ? Math.max(5, high * 1.15) : Math.max(name === "memory" ? 1e6 : 1000, high * 1.15)] },
    },
    axes: [
      { stroke: ink, grid: { show: false }, ticks: { show: false }, size: 26, space: 90, values: (_, times) => times.map((time) => new Date(time * 1000).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" })), incrs: [60] },
      { stroke: ink, grid, ticks: { show: false }, size: 68, values: (_, values) => values.map(show) },
    ],
    series: [
      {},
      ...series.map(([label, , property]) => ({
        label, stroke: colour(property), width: 1.75, spanGaps: false, points: { show: false },
        fill: label === "limit" ? undefined : colour(property).replace(/\)$/, " / 12%)").replace(/^rgb\(([^,)]+), ([^,)]+), ([^ ,)]+) \/ 12%\)$/, "rgb($1 $2 $3 / 12%)"),
        dash: label === "limit" ? [5, 4] : undefined,
      })),
    ],
  };
  return new uPlot(options, [[], ...series.map(() => [])], place);
};

const plots = Object.fromEntries(
  [...page.querySelectorAll("[data-plot]")].map((card) => {
    const place = card.querySelector("[data-place]");
    return [card.dataset.plot, { card, place, why: card.querySelector("[data-why]"), now: card.querySelector("[data-now]"), plot: null }];
  }),
);

const draw = () => {
  const last = samples.at(-1);
  const times = samples.map((sample) => sample.when);
  for (const [name, { place, why, now, plot }] of Object.entries(plots)) {
    const { fields, series, now: words } = PLOTS[name];
    const reasons = last ? fields.filter((field) => last[field] === null).map((field) => last.unavailable[field] || gettext("The host does not report it.")) : [];
    const blind = last && reasons.length === fields.length;
    why.hidden = !blind;
    if (blind) {
      why.textContent = interpolate(gettext("Not measured. %(reasons)s"), { reasons: [...new Set(reasons)].join(" ") }, true);
      now.textContent = gettext("not measured");
      plot?.root.remove();
      plots[name].plot = null;
      continue;
    }
    plots[name].plot ??= make(name, place);
    const columns = series.map(([, read]) => samples.map((sample, index) => read(sample, samples[index - 1])));
    plots[name].plot.setData([times, ...columns]);
    const values = columns.map((column) => column.at(-1));
    if (last && values.some((value) => value !== null)) now.textContent = words(values);
    else if (last) now.textContent = gettext("measuring…");
  }
  document.getElementById("stats-pids").textContent = last && last.pids !== null ? interpolate(ngettext("%(number)s process", "%(number)s processes", last.pids), { number: last.pids }, true) : "";
};
const redraw = () => {
  for (const entry of Object.values(plots)) {
    entry.plot?.destroy();
    entry.plot = null;
  }
  draw();
};

const load = () => {
  samples = [];
  again.hidden = true;
  redraw();
  say(gettext("Connecting…"), "");
  const mine = window.berth.query(page.dataset.account, "container.stats", { container: page.dataset.container }, {
    open: () => say(gettext("Waiting for the first reading…"), ""),
    answers: (answers) => {
      for (const answer of answers) {
        if (answer.type === "sample") samples.push({ ...answer, when: Date.parse(answer.at) / 1000 });
      }
      const oldest = (samples.at(-1)?.when ?? 0) - WINDOW - 2;
      while (samples.length && samples[0].when < oldest) samples.shift();
      if (samples.length) say(gettext("Live, one reading per second"), "running");
      if (!document.hidden) draw();
    },
    end: ({ message, remedy }) => {
      if (stream !== mine) return;
      stream = null;
      again.hidden = false;
      say(message ? [message, remedy].filter(Boolean).join(" ") : gettext("It exited, so there is nothing to measure"), message ? "failed" : "");
    },
  });
  stream = mine;
};

again.addEventListener("click", load);
document.addEventListener("berth:theme", redraw);
document.addEventListener("visibilitychange", () => !document.hidden && draw());
new ResizeObserver(() => {
  for (const { plot, place } of Object.values(plots)) plot?.setSize({ width: place.clientWidth - 16, height: HEIGHT - 8 });
}).observe(page);
// Measures a restarted container again.
document.addEventListener("htmx:afterSwap", () => {
  const state = document.getElementById("container-head")?.dataset.state;
  if (state === "running" && !stream) load();
});

if (page.dataset.state === "running" || page.dataset.state === "paused") load();
else {
  draw();
  say(interpolate(gettext("The container is %(state)s; there is nothing to measure."), { state: gettext(page.dataset.state) }, true), "");
  for (const { now } of Object.values(plots)) now.textContent = "–";
}
