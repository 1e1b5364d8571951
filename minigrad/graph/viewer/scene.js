// What is visible, and where it lies.

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
