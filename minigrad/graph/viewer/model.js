// The links and what they hold, and what the user has chosen.

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

const state = { metric: data.metric, phase: 'together', selected: null, query: '', view: { x: 0, y: 0, k: 1 } };
let marksPath = false; // whether a visible function is not on the critical path
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
  let high = metric.unit === 'share' ? 1 : FOLD.max([0, ...values]), capped = false;
  if (!metric.logarithmic && metric.unit !== 'share' && values.length > 2) { // one outlier would turn all else pale
    const second = values.slice().sort((a, b) => a - b)[values.length - 2];
    if (second > 0 && high > data.outlier * second) { high = data.outlier * second; capped = true; }
  }
  const low = metric.logarithmic ? Math.min(high, ...values) : 0;
  scale = { low, high, metric, capped };
}
function colour(item, column) {
  if (scale.marks) return data.marks.colours[markOf(item)] || BLANK;
  const value = valueOf(item, column), { low, high, metric } = scale, n = data.palette.length;
  if (value === null || high <= 0) return BLANK;
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
  return (light + 0.05) / 0.067 >= 1.05 / (light + 0.05) ? DARK_INK : '#ffffff';
}
