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
    const only = item.calls.length === 1 && item.calls[0];
    const n = only ? `${only.name} ${only.text}`.trim() : `${item.calls.length} functions`;
    item.lines = [item.times > 1 ? `${n}, ${item.times} calls` : n, shapesOf(item.calls[item.calls.length - 1])];
  } else item.lines = [item.text, shapesOf(item)].filter(Boolean);
  item.title = item.box ? `▸ ${item.name}` : item.name;
  item.w = Math.ceil(Math.max(92, textWidth(item.title, BOLD), ...item.lines.map((line) => textWidth(line, FONT))) + 20);
  item.h = (item.lines.length + (item.input ? 1 : 2)) * LINE + 10;
}

function layBox(box, wiring) {
  const wires = wiring.get(box) || { list: [], ports: new Set() };
  const items = box.leaves.concat(box.boxes, [...wires.ports]);
  if (box === root) items.push(...inputs);
  for (const item of items) {
    if (item.port) continue;
    if (item.box && !item.folded) layBox(item, wiring);
    else measure(item);
  }
  const laid = layItems(items, wires.list);
  const pad = box === root ? 0 : GAP.box, top = box === root ? 0 : GAP.title;
  for (const item of items) { item.x += pad; item.y += top + pad / 2; }
  for (const chain of laid.bends.values()) for (const bend of chain) { bend.x += pad; bend.y += top + pad / 2; }
  box.bends = laid.bends;
  box.items = items;
  // Edges come in at the middle: the title has the left half for itself.
  box.w = Math.max(laid.w + 2 * pad, box === root ? 0 : 2 * (textWidth(`▾ ${box.name}`, BOLD) + 14));
  const slack = (box.w - laid.w - 2 * pad) / 2;
  for (const item of items) item.x += slack;
  for (const chain of laid.bends.values()) for (const bend of chain) bend.x += slack;
  box.h = laid.h + top + 1.5 * pad;
}
function shownAs(item) { // the folded link that a function is hidden in, or itself
  let shown = item;
  for (let box = item.parent; box; box = box.parent) if (box.folded) shown = box;
  return shown;
}
// An edge that leaves a link, or comes into one, passes a port at its lower or upper end,
// so that inside every link edges go around what stands in their way.
const ports = new Map();
function portOf(box, leaves) {
  const id = `${leaves ? 'out' : 'in'} ${box.id}`;
  let port = ports.get(id);
  if (!port) ports.set(id, port = { id, port: true, leaves, w: 4, h: 0, order: leaves ? Infinity : -Infinity });
  return port;
}
function wire() { // what is joined inside each link, and the ways of the edges
  const wiring = new Map();
  const join = (box, from, to, port) => {
    let wires = wiring.get(box);
    if (!wires) wiring.set(box, wires = { list: [], known: new Set(), ports: new Set() });
    const key = `${from.id} ${to.id}`;
    if (!wires.known.has(key)) { wires.known.add(key); wires.list.push([from, to, key]); }
    if (port) wires.ports.add(port);
    return [box, key, port];
  };
  for (const edge of edges) {
    const around = new Set();
    for (let box = edge.a.parent; box; box = box.parent) around.add(box);
    let to = edge.b, from = edge.a;
    const into = [], out = [];
    for (; !around.has(to.parent); to = to.parent) {
      const port = portOf(to.parent, false);
      into.unshift(join(to.parent, port, to, port));
    }
    for (; from.parent !== to.parent; from = from.parent) {
      const port = portOf(from.parent, true);
      out.push(join(from.parent, from, port, port));
    }
    edge.ways = [...out, join(to.parent, from, to), ...into];
  }
  return wiring;
}
const spot = (port) => ({ x: port.ax + port.w / 2, y: port.ay });
const bendsIn = (box, key) => (box.bends.get(key) || []).map((bend) => ({ x: box.ax + bend.x, y: box.ay + bend.y }));

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
  const wiring = wire();
  layBox(root, wiring);
  nodes = [];
  open = [];
  const place = (box, x, y) => {
    for (const item of box.items) {
      item.ax = x + item.x;
      item.ay = y + item.y;
      if (item.port) continue;
      if (item.box && !item.folded) { open.push(item); place(item, item.ax, item.ay); } else nodes.push(item);
    }
  };
  root.ax = root.ay = 0;
  place(root, 0, 0);
  nodes.sort((a, b) => a.order - b.order);
  size = { w: root.w, h: root.h };
  marksPath = nodes.some((node) => !node.input && !node.calls.some((call) => critical.has(call.id)));
  for (const edge of edges) {
    const { a, b } = edge;
    edge.points = [{ x: a.ax + a.w / 2, y: a.ay + a.h }];
    for (const [box, key, port] of edge.ways) {
      if (port && port.leaves) edge.points.push(...bendsIn(box, key), spot(port));
      else if (port) edge.points.push(spot(port), ...bendsIn(box, key));
      else edge.points.push(...bendsIn(box, key));
    }
    edge.points.push({ x: b.ax + b.w / 2, y: b.ay });
    const xs = edge.points.map((p) => p.x), ys = edge.points.map((p) => p.y);
    edge.box = [Math.min(...xs) - 4, Math.min(...ys) - 4, Math.max(...xs) + 4, Math.max(...ys) + 4];
  }
  makeScale();
  showLegend();
  showTree();
}
