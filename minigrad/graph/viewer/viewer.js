'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const INK = '#1f2328', GREY = '#57606a', BLUE = '#0550ae', RED = '#cf222e', EDGE = '#8c959f';
const FAMILY = 'system-ui, "Helvetica Neue", Arial, "Noto Sans CJK JP", "Hiragino Sans", Meiryo, sans-serif';
const FONT = `12px ${FAMILY}`, BOLD = `600 12px ${FAMILY}`;
const LINE = 15, APART = 90;

// -- numbers ---------------------------------------------------------------------------

function digits(value) {
  const text = Number(value.toPrecision(3));
  return Math.abs(text) >= 1e-4 && Math.abs(text) < 1e6 || text === 0 ? String(text) : value.toExponential(2);
}
function scaled(value, units, base) {
  let i = 0;
  while (i < units.length - 1 && Math.abs(value) >= 999.5) { value /= base; i++; }
  return `${digits(value)} ${units[i]}`;
}
const WRITE = {
  seconds: (v) => v >= 1 ? `${digits(v)} s` : v >= 1e-3 ? `${digits(v * 1e3)} ms` : v >= 1e-6 ? `${digits(v * 1e6)} µs` : `${digits(v * 1e9)} ns`,
  bytes: (v) => scaled(v, ['B', 'kB', 'MB', 'GB', 'TB'], 1000),
  operations: (v) => scaled(v, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP'], 1000),
  share: (v) => `${digits(100 * v)} %`,
  number: digits,
};
const FOLD = {
  sum: (list) => list.reduce((a, b) => a + b, 0),
  max: (list) => list.reduce((a, b) => Math.max(a, b), -Infinity),
  mean: (list) => list.reduce((a, b) => a + b, 0) / list.length,
};
const write = (metric, value) => Number.isFinite(value) ? WRITE[metric.unit](value) : String(value);

// -- the links and what they hold ------------------------------------------------------

const boxes = new Map(); // by path
function boxAt(path) {
  const key = JSON.stringify(path);
  let box = boxes.get(key);
  if (!box) {
    const parent = path.length ? boxAt(path.slice(0, -1)) : null;
    box = { box: true, id: `link:${path.join('/')}`, path, name: path.length ? path[path.length - 1] : '', parent, boxes: [], leaves: [], calls: [], folded: false, order: Infinity };
    boxes.set(key, box);
    if (parent) parent.boxes.push(box);
  }
  return box;
}
const root = boxAt([]);
const calls = new Map(), givers = new Map(), takers = new Map(), inputs = [];
data.calls.forEach((call, i) => {
  call.order = i;
  call.parent = boxAt(call.path);
  call.calls = [call];
  call.parent.leaves.push(call);
  for (let box = call.parent; box; box = box.parent) { box.calls.push(call); box.order = Math.min(box.order, i); }
  calls.set(call.id, call);
  for (const v of call.outputs) givers.set(v, call);
});
const links = []; // [giver, taker, value]
for (const call of data.calls) {
  for (const v of new Set(call.inputs)) {
    let giver = givers.get(v);
    const value = data.values[v];
    if (!giver && value.kind === 'input') {
      giver = { id: v, input: true, name: value.name || 'input', value, order: call.order - 0.5, parent: root, calls: [], path: [] };
      givers.set(v, giver);
      inputs.push(giver);
    }
    if (giver && giver !== call) links.push([giver, call, v]);
  }
}
for (const path of data.folded) boxAt(path).folded = true;
for (const box of boxes.values()) { // how often the link was called
  const turns = new Set(box.calls.map((call) => call.turns[box.path.length - 1]));
  box.times = turns.size;
}
const critical = new Set(data.critical);
const steps = new Set(data.critical.slice(1).map((id, i) => `${data.critical[i]} ${id}`));
const trouble = data.trouble && calls.get(data.trouble.call);

// -- state -----------------------------------------------------------------------------

const state = { metric: data.metric, phase: 'together', selected: null, query: '', view: { x: 0, y: 0, k: 1 } };
let nodes = [], open = [], edges = [], size = { w: 0, h: 0 }, matches = new Set(), scale = null, hovered = null;

const metricNow = () => data.metrics.find((m) => m.key === state.metric);

function keyFor(metric, column) { // which number a metric is, in a pass
  if (state.phase === 'together') return metric.key;
  return column === 'forward' ? metric.forward : metric.backward;
}
function valueOf(item, column = 'forward') {
  const metric = metricNow(), key = keyFor(metric, column);
  if (!key) return null;
  const known = item.calls.map((call) => call[key]).filter((v) => v !== null && v !== undefined);
  return known.length ? FOLD[metric.fold](known) : null;
}
const columns = () => state.phase === 'apart' ? ['forward', 'backward'] : [state.phase === 'backward' ? 'backward' : 'forward'];

function makeScale() {
  const metric = metricNow();
  if (metric.marks) { scale = { marks: true }; return; }
  const values = nodes.flatMap((node) => columns().map((c) => valueOf(node, c))).filter((v) => v !== null && Number.isFinite(v) && (!metric.logarithmic || v > 0));
  const high = metric.unit === 'share' ? 1 : FOLD.max([0, ...values]);
  const low = metric.logarithmic ? Math.min(high, ...values) : 0;
  scale = { low, high, metric };
}
function colour(item, column) {
  if (scale.marks) return data.marks.colours[markOf(item)] || '#ffffff';
  const value = valueOf(item, column), { low, high, metric } = scale, n = data.palette.length;
  if (value === null || high <= 0) return '#ffffff';
  if (!Number.isFinite(value)) return data.palette[n - 1];
  const place = metric.logarithmic ? (high > low ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : 0) : value / high;
  return data.palette[Math.max(0, Math.min(n - 1, Math.floor(place * n)))];
}
function markOf(item) {
  const found = new Set(item.calls.map((call) => call.mark).filter(Boolean));
  return found.size === 1 && item.calls.every((call) => call.mark) ? [...found][0] : found.size ? 'changed' : '';
}
function inkOn(background) {
  const [r, g, b] = [1, 3, 5].map((i) => { const c = parseInt(background.slice(i, i + 2), 16) / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return (light + 0.05) / 0.067 >= 1.05 / (light + 0.05) ? INK : '#ffffff';
}

// -- layout ----------------------------------------------------------------------------

const canvas = $('canvas'), pen = canvas.getContext('2d');
const widths = new Map();
function textWidth(text, font) {
  const key = font + text;
  let width = widths.get(key);
  if (width === undefined) { pen.font = font; width = pen.measureText(text).width; widths.set(key, width); }
  return width;
}
function shapesOf(call) {
  const shown = call.outputs.slice(0, 2).map((v) => data.values[v].text);
  return shown.length ? `→ ${shown.join(', ')}${call.outputs.length > 2 ? ' …' : ''}` : '';
}
function measure(item) {
  if (item.input) item.lines = [item.value.text];
  else if (item.box) {
    const n = `${item.calls.length} function${item.calls.length > 1 ? 's' : ''}`;
    item.lines = [item.times > 1 ? `${n}, ${item.times} calls` : n, shapesOf(item.calls[item.calls.length - 1])];
  } else item.lines = [item.text, shapesOf(item)].filter(Boolean);
  item.title = item.box ? `▸ ${item.name}` : item.name;
  item.w = Math.ceil(Math.max(92, textWidth(item.title, BOLD), ...item.lines.map((line) => textWidth(line, FONT))) + 20);
  item.h = (item.lines.length + (item.input ? 1 : 2)) * LINE + 10;
}

function layBox(box, wiring) {
  const items = box.leaves.concat(box.boxes);
  if (box === root) items.push(...inputs);
  for (const item of items) {
    if (item.box && !item.folded) layBox(item, wiring);
    else measure(item);
  }
  const laid = layItems(items, wiring.get(box) || []);
  const pad = box === root ? 0 : GAP.box, top = box === root ? 0 : GAP.title;
  for (const item of items) { item.x += pad; item.y += top + pad / 2; }
  for (const chain of laid.bends.values()) for (const bend of chain) { bend.x += pad; bend.y += top + pad / 2; }
  box.bends = laid.bends;
  box.items = items;
  box.w = Math.max(laid.w + 2 * pad, box === root ? 0 : textWidth(`▾ ${box.name}`, BOLD) + 24);
  if (laid.w + 2 * pad < box.w) for (const item of items) item.x += (box.w - laid.w - 2 * pad) / 2;
  box.h = laid.h + top + 1.5 * pad;
}
function shownAs(item) { // the folded link that a function is hidden in, or itself
  let shown = item;
  for (let box = item.parent; box; box = box.parent) if (box.folded) shown = box;
  return shown;
}
function layout() {
  const seen = new Map();
  for (const [giver, taker, v] of links) {
    const a = shownAs(giver), b = shownAs(taker);
    if (a === b) continue;
    const key = `${a.id} ${b.id}`;
    const edge = seen.get(key);
    const hot = steps.has(`${giver.id} ${taker.id}`);
    if (edge) { edge.hot = edge.hot || hot; edge.values.push(v); } else seen.set(key, { a, b, key, values: [v], hot });
  }
  edges = [...seen.values()];
  const wiring = new Map();
  for (const edge of edges) {
    const above = new Map();
    for (let item = edge.a; item; item = item.parent) above.set(item.parent, item);
    let item = edge.b;
    while (!above.has(item.parent)) item = item.parent;
    edge.at = item.parent;
    const from = above.get(item.parent);
    if (from === item) continue;
    edge.level = `${from.id} ${item.id}`;
    let list = wiring.get(edge.at);
    if (!list) wiring.set(edge.at, list = []);
    if (!list.known) list.known = new Set();
    if (!list.known.has(edge.level)) { list.known.add(edge.level); list.push([from, item, edge.level]); }
  }
  layBox(root, wiring);
  nodes = [];
  open = [];
  const place = (box, x, y) => {
    for (const item of box.items) {
      item.ax = x + item.x;
      item.ay = y + item.y;
      if (item.box && !item.folded) { open.push(item); place(item, item.ax, item.ay); } else nodes.push(item);
    }
  };
  root.ax = root.ay = 0;
  place(root, 0, 0);
  nodes.sort((a, b) => a.order - b.order);
  size = { w: root.w, h: root.h };
  for (const edge of edges) {
    const chain = (edge.level && edge.at.bends.get(edge.level)) || [];
    const { a, b, at } = edge;
    edge.points = [{ x: a.ax + a.w / 2, y: a.ay + a.h }, ...chain.map((p) => ({ x: at.ax + p.x, y: at.ay + p.y })), { x: b.ax + b.w / 2, y: b.ay }];
    const xs = edge.points.map((p) => p.x), ys = edge.points.map((p) => p.y);
    edge.box = [Math.min(...xs) - 4, Math.min(...ys) - 4, Math.max(...xs) + 4, Math.max(...ys) + 4];
  }
  makeScale();
  showLegend();
  showTree();
}

// -- drawing ---------------------------------------------------------------------------

const shiftOf = (i) => i * (size.w + APART);
const fullWidth = () => size.w + shiftOf(columns().length - 1);
let pending = false, drawTime = 0;
function draw() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => { pending = false; paint(); });
}
function roundRect(x, y, w, h, r) { pen.beginPath(); pen.roundRect(x, y, w, h, r); }
function paint() {
  const start = performance.now();
  const ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) { canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio); }
  const { x, y, k } = state.view;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, w, h);
  pen.setTransform(ratio * k, 0, 0, ratio * k, ratio * x, ratio * y);
  const area = [-x / k, -y / k, (w - x) / k, (h - y) / k];
  columns().forEach((column, i) => paintColumn(column, shiftOf(i), area, k));
  if (state.phase === 'apart') paintBridge(area, k);
  drawTime = performance.now() - start;
}
function paintColumn(column, shift, area, k) {
  const [x0, y0, x1, y1] = area;
  const seen = (x, y, w, h) => x + shift + w >= x0 && x + shift <= x1 && y + h >= y0 && y <= y1;
  const texts = k > 0.28;
  pen.save();
  pen.translate(shift, 0);
  pen.textBaseline = 'middle';
  for (const box of open) {
    if (!seen(box.ax, box.ay, box.w, box.h)) continue;
    roundRect(box.ax, box.ay, box.w, box.h, 8);
    pen.fillStyle = box.path.length % 2 ? '#ffffff' : '#f6f8fa';
    pen.fill();
    pen.lineWidth = box === state.selected ? 3 : 1;
    pen.strokeStyle = box === state.selected ? BLUE : EDGE;
    pen.stroke();
    if (k > 0.16) {
      pen.fillStyle = INK; pen.font = BOLD; pen.textAlign = 'left';
      pen.fillText(`▾ ${box.name}`, box.ax + 8, box.ay + 13);
    }
  }
  pen.lineJoin = 'round';
  for (const pass of [false, true]) { // the critical path on top
    for (const edge of edges) {
      const hot = edge.hot && !scale.marks;
      if (hot !== pass) continue;
      if (column === 'backward' && edge.a.input) continue;
      const [ex0, ey0, ex1, ey1] = edge.box;
      if (!seen(ex0, ey0, ex1 - ex0, ey1 - ey0)) continue;
      const touching = state.selected && (edge.a === state.selected || edge.b === state.selected);
      pen.strokeStyle = pen.fillStyle = hot ? BLUE : touching ? INK : EDGE;
      pen.lineWidth = hot ? 2.4 : touching ? 2 : 1.2;
      const p = edge.points;
      pen.beginPath();
      pen.moveTo(p[0].x, p[0].y);
      for (let i = 1; i < p.length; i++) {
        const mid = (p[i - 1].y + p[i].y) / 2;
        pen.bezierCurveTo(p[i - 1].x, mid, p[i].x, mid, p[i].x, p[i].y);
      }
      pen.stroke();
      if (k > 0.16) {
        const up = column === 'backward', tip = up ? p[0] : p[p.length - 1], d = up ? 8 : -8;
        pen.beginPath();
        pen.moveTo(tip.x, tip.y); pen.lineTo(tip.x - 4, tip.y + d); pen.lineTo(tip.x + 4, tip.y + d);
        pen.fill();
      }
    }
  }
  for (const node of nodes) {
    if (!seen(node.ax, node.ay, node.w, node.h) || (column === 'backward' && node.input)) continue;
    paintNode(node, column, texts);
  }
  pen.restore();
  if (columns().length > 1 && k > 0.1) {
    pen.fillStyle = GREY; pen.font = `600 ${Math.min(40, 16 / Math.min(1, k))}px ${FAMILY}`; pen.textAlign = 'left'; pen.textBaseline = 'alphabetic';
    pen.fillText(column, shift, -14);
  }
}
function paintNode(node, column, texts) {
  const absent = column === 'backward' && !node.calls.some((call) => call.backward_time !== null);
  const fill = node.input ? '#ddf4ff' : absent ? '#ffffff' : colour(node, column);
  const dim = state.query && !matches.has(node);
  pen.globalAlpha = dim ? 0.45 : 1;
  roundRect(node.ax, node.ay, node.w, node.h, node.input ? node.h / 2 : 6);
  pen.fillStyle = fill;
  pen.fill();
  const bad = !absent && node.calls.some((call) => call.nan || call.gradient_nan);
  const hot = !scale.marks && node.calls.some((call) => critical.has(call.id));
  pen.lineWidth = hot ? 2.2 : 1;
  pen.strokeStyle = bad ? RED : hot ? BLUE : GREY;
  pen.setLineDash(absent || markOf(node) === 'removed' ? [4, 3] : []);
  pen.stroke();
  pen.setLineDash([]);
  if (trouble && node.calls.includes(trouble)) {
    roundRect(node.ax - 4, node.ay - 4, node.w + 8, node.h + 8, 9);
    pen.lineWidth = 3.5; pen.strokeStyle = RED; pen.stroke();
  }
  if (node === state.selected || (state.query && matches.has(node))) {
    roundRect(node.ax - 5, node.ay - 5, node.w + 10, node.h + 10, 10);
    pen.lineWidth = 3; pen.strokeStyle = node === state.selected ? INK : '#bf8700'; pen.stroke();
  }
  if (texts) {
    const ink = inkOn(fill), cx = node.ax + node.w / 2;
    let y = node.ay + 5 + LINE / 2;
    pen.textAlign = 'center';
    pen.fillStyle = ink;
    pen.font = BOLD;
    pen.fillText(node.title, cx, y);
    pen.font = FONT;
    for (const line of node.lines) { y += LINE; pen.fillText(line, cx, y); }
    if (!node.input) {
      y += LINE;
      let text = '';
      if (trouble && node.calls.includes(trouble)) text = data.trouble.came ? 'NaN comes in here' : `${data.trouble.kind} starts here`;
      else if (absent) text = 'no backward';
      else if (scale.marks) text = markOf(node) || '';
      else { const value = valueOf(node, column); text = value === null ? '' : write(metricNow(), value); }
      pen.fillText(text, cx, y);
    }
  }
  pen.globalAlpha = 1;
}
function paintBridge(area, k) { // from the end of forward to the start of backward
  const turn = nodes.find((node) => node.calls.some((call) => call.backward_order === 0));
  const shift = shiftOf(1);
  pen.setLineDash([2, 4]);
  pen.lineWidth = 1; pen.strokeStyle = EDGE;
  if (k > 0.2) {
    for (const node of nodes) { // what forward keeps for backward
      if (!node.calls.some((call) => call.kept) || node.ay > area[3] || node.ay + node.h < area[1]) continue;
      const y = node.ay + node.h / 2;
      pen.beginPath(); pen.moveTo(node.ax + node.w, y); pen.lineTo(node.ax + shift, y); pen.stroke();
    }
  }
  pen.setLineDash([]);
  if (!turn) return;
  const y = turn.ay + turn.h / 2, x0 = turn.ax + turn.w, x1 = turn.ax + shift;
  pen.strokeStyle = pen.fillStyle = INK; pen.lineWidth = 2;
  pen.beginPath(); pen.moveTo(x0, y); pen.lineTo(x1, y); pen.stroke();
  pen.beginPath(); pen.moveTo(x1, y); pen.lineTo(x1 - 8, y - 4); pen.lineTo(x1 - 8, y + 4); pen.fill();
}

// -- moving about ----------------------------------------------------------------------

function fit() {
  const w = canvas.clientWidth, h = canvas.clientHeight, full = fullWidth(), pad = 40;
  const k = Math.min(1.25, (w - 2 * pad) / Math.max(full, 1), (h - 2 * pad) / Math.max(size.h, 1));
  // A long graph is more useful from its start in a size that can be read.
  const scale = Math.max(k, Math.min(0.8, (w - 2 * pad) / Math.max(full, 1)));
  state.view = { k: scale, x: (w - full * scale) / 2, y: size.h * scale > h - 2 * pad ? pad : (h - size.h * scale) / 2 };
  draw();
}
function zoom(factor, cx = canvas.clientWidth / 2, cy = canvas.clientHeight / 2) {
  const view = state.view, k = Math.max(0.02, Math.min(4, view.k * factor));
  view.x = cx - (cx - view.x) * k / view.k;
  view.y = cy - (cy - view.y) * k / view.k;
  view.k = k;
  draw();
}
function bring(item) { // into view
  const { view } = state, w = canvas.clientWidth, h = canvas.clientHeight;
  if (view.k < 0.3) view.k = 0.8;
  const x = item.ax * view.k + view.x, y = item.ay * view.k + view.y;
  if (x < 30 || x + item.w * view.k > w - 30 || y < 30 || y + item.h * view.k > h - 30) {
    view.x = w / 2 - (item.ax + item.w / 2) * view.k;
    view.y = h / 2 - (item.ay + Math.min(item.h, h / view.k) / 2) * view.k;
  }
  draw();
}
function toggle(box, still) { // the link stays where it is on the screen
  const { view } = state, x = box.ax * view.k + view.x, y = box.ay * view.k + view.y;
  box.folded = !box.folded;
  layout();
  if (!still && box.ax !== undefined) { view.x = x - box.ax * view.k; view.y = y - box.ay * view.k; }
  if (state.selected && !nodes.includes(state.selected) && !open.includes(state.selected)) select(box);
  search();
  draw();
}
function foldAll(folded) { // to the parts of the models, or to the models if they have none
  const parts = [...boxes.values()].some((box) => box.path.length === 2) ? 2 : 1;
  for (const box of boxes.values()) box.folded = folded && box.path.length >= parts;
  layout();
  search();
  fit();
}
function reveal(item) {
  let changed = false;
  for (let box = item.parent; box; box = box.parent) if (box.folded) { box.folded = false; changed = true; }
  if (changed) { layout(); search(); }
}
function select(item) {
  state.selected = item;
  showDetails(item);
  draw();
}
function go(item) { reveal(item); select(shownAs(item)); bring(shownAs(item)); }

// -- search ----------------------------------------------------------------------------

let next = 0;
function textOf(call) {
  if (call.search === undefined) call.search = [call.name, call.label, call.path.join('/'), call.text, ...call.kernels, ...call.backward_kernels, ...call.inputs.concat(call.outputs).map((v) => `${data.values[v].name || ''} ${data.values[v].text}`)].join(' ').toLowerCase();
  return call.search;
}
function found() {
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? data.calls.filter((call) => words.every((word) => textOf(call).includes(word))) : [];
}
function search() {
  state.query = $('search').value.trim();
  const hits = found();
  matches = new Set(hits.map(shownAs));
  $('found').textContent = state.query ? `${hits.length} found` : '';
  draw();
  return hits;
}
function nextMatch() {
  const hits = search();
  if (hits.length) go(hits[next++ % hits.length]);
}

// -- panels ----------------------------------------------------------------------------

function element(tag, text, parent) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}
function rowsOf(item) {
  const rows = [];
  const add = (name, text) => { if (text !== null && text !== undefined && text !== '') rows.push([name, text]); };
  if (item.input) {
    add('shape', item.value.text); add('dtype', item.value.dtype); add('bytes', WRITE.bytes(item.value.nbytes));
    return rows;
  }
  if (item.box) {
    add('link', item.path.join('/') || data.title);
    add('functions', item.calls.length);
    if (item.times > 1) add('calls', item.times);
  } else {
    add('link', item.path.join('/'));
    add('label', item.label);
    add('pass', item.phase === 'backward' ? 'applied by a backward' : '');
    item.inputs.forEach((v, i) => {
      const value = data.values[v];
      add(item.arg_names[i] || `x${i}`, `${value.text} ${value.dtype === 'float32' ? 'float32' : ''}${value.name ? ` (${value.name})` : ''}${value.gradient_norm === null ? '' : `, grad norm ${digits(value.gradient_norm)}`}`);
    });
    item.outputs.forEach((v) => add('gives', `${data.values[v].text}${data.values[v].dtype === 'float32' ? ' float32' : ''}`));
    for (const [name, value] of Object.entries(item.arguments)) add(name, value);
  }
  for (const metric of data.metrics) {
    if (metric.marks) continue;
    const known = item.calls.map((call) => call[metric.key]).filter((v) => v !== null && v !== undefined);
    if (known.length) add(metric.title, write(metric, FOLD[metric.fold](known)));
  }
  if (!item.box) {
    if (item.flops && item.forward_time) add('speed, forward', WRITE.operations(item.flops / item.forward_time) + '/s');
    add('kernels', item.kernels.join(', '));
    add('kernels, backward', item.backward_kernels.join(', '));
    for (const [name, seconds] of item.inner) add('inside', `${name}, ${WRITE.seconds(seconds)}`);
    for (const [key, name] of [['nan', 'NaN'], ['inf', 'infinite'], ['gradient_nan', 'NaN in its gradients'], ['gradient_inf', 'infinite in its gradients']]) if (item[key]) add(name, item[key]);
    add('difference', item.note);
  }
  return rows;
}
function showDetails(item) {
  const panel = $('details');
  panel.replaceChildren();
  if (!item) { element('p', 'Nothing yet: click a function, or press an arrow key.', panel).className = 'hint'; return; }
  element('b', item.box ? item.name || data.title : item.name, panel);
  const list = element('dl', undefined, panel);
  for (const [name, text] of rowsOf(item)) { element('dt', name, list); element('dd', text, list); }
}
function showLegend() {
  const panel = $('legend');
  panel.replaceChildren();
  if (scale.marks) {
    for (const [name, fill] of Object.entries(data.marks.colours)) {
      const key = element('span', undefined, panel);
      key.className = 'key';
      element('i', undefined, key).style.background = fill;
      key.append(name);
    }
    return;
  }
  const row = element('div', undefined, panel);
  row.className = 'scale';
  element('span', scale.low ? write(scale.metric, scale.low) : '0', row);
  const bar = element('span', undefined, row);
  bar.className = 'steps';
  for (const fill of data.palette) element('i', undefined, bar).style.background = fill;
  element('span', write(scale.metric, scale.high), row);
  if (critical.size) {
    const key = element('span', undefined, panel);
    key.className = 'key';
    const swatch = element('i', undefined, key);
    swatch.style.background = BLUE;
    key.append('critical path');
  }
}
function showTree() {
  const grow = (box, list) => {
    for (const child of box.boxes) {
      const item = element('li', undefined, list);
      const button = element('button', child.folded ? '+' : '−', item);
      button.type = 'button';
      button.className = 'toggle';
      button.setAttribute('aria-expanded', String(!child.folded));
      button.setAttribute('aria-label', `${child.folded ? 'unfold' : 'fold'} ${child.path.join('/')}`);
      button.onclick = () => { toggle(child); refocus(child); };
      const name = element('button', child.name, item);
      name.type = 'button';
      name.onclick = () => { for (let b = child.parent; b; b = b.parent) if (b.folded) b.folded = false; layout(); select(child); bring(child); };
      element('small', ` ${child.calls.length}`, item);
      if (child.boxes.length && !child.folded && list.childElementCount < 500) grow(child, element('ul', undefined, item));
    }
  };
  const tree = $('tree');
  tree.replaceChildren();
  grow(root, tree);
}
function refocus(box) {
  const label = `fold ${box.path.join('/')}`;
  for (const button of $('tree').querySelectorAll('button.toggle')) if (button.getAttribute('aria-label').endsWith(label)) { button.focus(); return; }
}

// -- mouse and keys --------------------------------------------------------------------

function at(event) {
  const box = canvas.getBoundingClientRect(), { x, y, k } = state.view;
  let px = (event.clientX - box.left - x) / k;
  const py = (event.clientY - box.top - y) / k;
  columns().forEach((column, i) => { if (i && px >= shiftOf(i)) px -= shiftOf(i); });
  const inside = (item, h = item.h) => px >= item.ax && px <= item.ax + item.w && py >= item.ay && py <= item.ay + h;
  for (let i = nodes.length - 1; i >= 0; i--) if (inside(nodes[i])) return nodes[i];
  for (let i = open.length - 1; i >= 0; i--) if (inside(open[i], GAP.title)) return open[i];
  return null;
}
let drag = null;
canvas.addEventListener('pointerdown', (event) => { drag = { x: event.clientX, y: event.clientY, moved: false }; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener('pointermove', (event) => {
  if (drag) {
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (drag.moved || Math.abs(dx) + Math.abs(dy) > 4) {
      drag = { x: event.clientX, y: event.clientY, moved: true };
      state.view.x += dx;
      state.view.y += dy;
      canvas.classList.add('drag');
      $('tip').hidden = true;
      draw();
    }
    return;
  }
  const item = at(event), tip = $('tip');
  canvas.classList.toggle('over', Boolean(item));
  tip.hidden = !item;
  if (!item) { hovered = null; return; }
  if (item !== hovered) {
    hovered = item;
    const rows = rowsOf(item).slice(0, 16).map(([name, text]) => `${name}: ${text}`);
    tip.textContent = [item.name, ...rows, ...(item.box ? ['double-click to fold or unfold'] : [])].join('\n');
  }
  const w = tip.offsetWidth, h = tip.offsetHeight;
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 16, innerWidth - w - 4))}px`;
  tip.style.top = `${Math.max(4, Math.min(event.clientY + 16, innerHeight - h - 4))}px`;
});
canvas.addEventListener('pointerup', (event) => {
  if (drag && !drag.moved) { select(at(event)); $('tip').hidden = true; }
  drag = null;
  canvas.classList.remove('drag');
});
canvas.addEventListener('pointercancel', () => { drag = null; canvas.classList.remove('drag'); });
canvas.addEventListener('pointerleave', () => { $('tip').hidden = true; hovered = null; });
canvas.addEventListener('dblclick', (event) => { const item = at(event); if (item && item.box) toggle(item); });
canvas.addEventListener('wheel', (event) => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect(), unit = event.deltaMode === 1 ? 16 : 1;
  zoom(Math.exp(-event.deltaY * unit * 0.0015), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

function neighbour(down) {
  const item = state.selected;
  const near = edges.filter((edge) => (down ? edge.a : edge.b) === item).map((edge) => down ? edge.b : edge.a);
  const hot = edges.find((edge) => edge.hot && (down ? edge.a : edge.b) === item);
  return hot ? (down ? hot.b : hot.a) : near[0];
}
function move(key) {
  const item = state.selected;
  let target;
  if (!item || !nodes.includes(item)) target = item && item.box ? nodes.find((node) => node.calls.some((call) => item.calls.includes(call))) : nodes[0];
  else if (key === 'ArrowDown' || key === 'ArrowUp') target = neighbour(key === 'ArrowDown');
  else target = nodes[nodes.indexOf(item) + (key === 'ArrowRight' ? 1 : -1)];
  if (target) { select(target); bring(target); }
}
function cycle(select) {
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  select.dispatchEvent(new Event('change'));
}
const STEP = { w: [0, 80], s: [0, -80], a: [80, 0], d: [-80, 0] };
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  $('tip').hidden = true;
  if (key === 'Escape') { $('search').value = ''; search(); select(null); canvas.focus(); return; }
  if (target.matches('input, select')) {
    if (target.id === 'search' && key === 'Enter') nextMatch();
    return;
  }
  const onButton = target.matches('button, summary');
  const selected = state.selected;
  if (key.startsWith('Arrow')) { if (onButton) return; move(key); }
  else if (key === 'Enter' || key === ' ') { if (onButton) return; if (selected && selected.box) toggle(selected); }
  else if (key === 'Backspace') {
    const box = selected && (selected.box && !selected.folded ? selected : selected.parent);
    if (box && box !== root) { select(box); toggle(box); bring(box); }
  } else if (key === '+' || key === '=') zoom(1.25);
  else if (key === '-') zoom(0.8);
  else if (key === '0') fit();
  else if (key === '/') $('search').focus();
  else if (key === 'f') foldAll(true);
  else if (key === 'u') foldAll(false);
  else if (key === 'm') cycle($('metric'));
  else if (key === 'b') cycle($('phase'));
  else if (key === 'n') { if (trouble) go(trouble); }
  else if (STEP[key]) { state.view.x += STEP[key][0]; state.view.y += STEP[key][1]; draw(); }
  else return;
  event.preventDefault();
});

// -- start -----------------------------------------------------------------------------

$('title').textContent = document.title = data.title;
$('totals').textContent = data.totals;
if (data.trouble) {
  $('trouble').hidden = false;
  $('trouble').textContent = data.trouble.text;
  $('trouble').onclick = () => { go(trouble); canvas.focus(); };
}
for (const metric of data.metrics) {
  const option = element('option', metric.title, $('metric'));
  option.value = metric.key;
  option.selected = metric.key === state.metric;
}
$('metric').onchange = () => { state.metric = $('metric').value; makeScale(); showLegend(); draw(); };
if (!data.calls.some((call) => call.backward_time !== null)) $('phase').disabled = true;
$('phase').onchange = () => { state.phase = $('phase').value; makeScale(); showLegend(); fit(); };
$('search').oninput = () => { next = 0; search(); };
$('fit').onclick = fit;
$('fold').onclick = () => foldAll(true);
$('unfold').onclick = () => foldAll(false);
new ResizeObserver(draw).observe(canvas);
layout();
fit();

// For tests and for the console.
window.viewer = {
  state,
  visible: () => nodes.map((node) => node.box ? `[${node.path.join('/')}]` : node.name),
  selected: () => state.selected && (state.selected.box ? state.selected.path.join('/') : state.selected.id),
  matches: () => matches.size,
  colours: () => nodes.map((node) => node.input ? null : colour(node, 'forward')),
  place: (id) => { const item = [...nodes, ...open].find((node) => node.id === id), box = canvas.getBoundingClientRect(), v = state.view; return [box.left + v.x + (item.ax + item.w / 2) * v.k, box.top + v.y + (item.ay + Math.min(item.h, 20) / 2) * v.k]; },
  overlaps: () => { let n = 0; const byY = nodes.slice().sort((a, b) => a.ay - b.ay); byY.forEach((a, i) => { for (let j = i + 1; j < byY.length && byY[j].ay < a.ay + a.h; j++) { const b = byY[j]; if (a.ax < b.ax + b.w && b.ax < a.ax + a.w) n++; } }); return n; },
  time: () => { paint(); const start = performance.now(); for (let i = 0; i < 10; i++) { state.view.x += 1; paint(); } pen.getImageData(0, 0, 1, 1); return (performance.now() - start) / 10; },
  layoutTime: () => { const start = performance.now(); layout(); return performance.now() - start; },
};
