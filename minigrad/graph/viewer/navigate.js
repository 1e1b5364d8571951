// Moving about, folding, searching.

function show(least) { // all of it, or its beginning where that would be smaller than `least`
  const w = canvas.clientWidth, h = canvas.clientHeight, full = fullWidth(), pad = 40;
  const k = Math.min(1.25, (w - 2 * pad) / Math.max(full, 1), (h - 2 * pad) / Math.max(size.h, 1));
  const scale = Math.max(k, Math.min(least, (w - 2 * pad) / Math.max(full, 1)));
  state.view = { k: scale, x: (w - full * scale) / 2, y: size.h * scale > h - 2 * pad ? pad : (h - size.h * scale) / 2 };
  draw();
}
const fit = () => show(0);
const begin = () => show(0.8); // a size that can be read
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
  begin();
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
