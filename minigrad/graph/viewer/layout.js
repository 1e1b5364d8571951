// The layout: every unfolded link is laid out by itself, in layers, and is then one item
// of the link around it. Links that do not change keep their shape when others fold.

const GAP = { x: 18, y: 26, box: 14, title: 22, port: 10 };
const MOST_BENDS = 20000; // of edges that pass several layers

function layItems(items, edges) {
  // items: {w, h, order}, edges: [from, to, key]; sets x, y; returns size and bends.
  items.sort((a, b) => a.order - b.order);
  items.forEach((item, i) => { item.rank = i; item.ins = []; item.outs = []; item.layer = 0; });
  for (const [a, b] of edges) {
    const [from, to] = a.rank < b.rank ? [a, b] : [b, a]; // a cycle of folded links
    from.outs.push(to);
    to.ins.push(from);
  }
  for (const item of items) for (const to of item.outs) to.layer = Math.max(to.layer, item.layer + 1);
  for (let i = items.length - 1; i >= 0; i--) { // what comes from outside, close to its use
    const item = items[i];
    if (!item.ins.length && item.outs.length) {
      item.layer = item.outs.reduce((least, to) => Math.min(least, to.layer), Infinity) - 1;
    }
  }
  const layers = [];
  for (const item of items) (layers[item.layer] = layers[item.layer] || []).push(item);
  for (let i = 0; i < layers.length; i++) layers[i] = layers[i] || [];

  const bends = new Map();
  let count = 0;
  for (const item of items) { item.up = []; item.down = []; }
  for (const [a, b, key] of edges) {
    const [from, to] = a.rank < b.rank ? [a, b] : [b, a];
    let last = from;
    const chain = [];
    const span = to.layer - from.layer;
    if (span > 1 && (count += span - 1) <= MOST_BENDS) {
      for (let layer = from.layer + 1; layer < to.layer; layer++) {
        const bend = { w: 6, h: 0, up: [last], down: [], bend: true };
        last.down.push(bend);
        layers[layer].push(bend);
        chain.push(bend);
        last = bend;
      }
    }
    last.down.push(to);
    to.up.push(last);
    bends.set(key, from === a ? chain : chain.slice().reverse());
  }

  const mean = (list, of) => list.reduce((sum, item) => sum + of(item), 0) / list.length;
  const number = (layer) => layer.forEach((item, i) => { item.place = i; });
  layers.forEach(number);
  for (let sweep = 0; sweep < 6; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[down ? i : layers.length - 1 - i];
      if (layer.length < 2) continue;
      for (const item of layer) {
        const near = down ? item.up : item.down;
        item.want = near.length ? mean(near, (other) => other.place) : item.place;
      }
      layer.sort((a, b) => a.want - b.want || a.place - b.place);
      number(layer);
    }
  }

  for (const layer of layers) {
    let x = 0;
    for (const item of layer) { item.cx = x + item.w / 2; x += item.w + GAP.x; }
    for (const item of layer) item.cx -= (x - GAP.x) / 2;
  }
  for (let sweep = 0; sweep < 8; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[down ? i : layers.length - 1 - i];
      const n = layer.length;
      const want = layer.map((item) => {
        const near = down ? item.up : item.down;
        return near.length ? mean(near, (other) => other.cx) : item.cx;
      });
      // The leftmost and the rightmost places without overlap; between them is the middle.
      const left = want.slice(), right = want.slice();
      const apart = (a, b) => (layer[a].w + layer[b].w) / 2 + GAP.x;
      for (let j = 1; j < n; j++) left[j] = Math.max(left[j], left[j - 1] + apart(j - 1, j));
      for (let j = n - 2; j >= 0; j--) right[j] = Math.min(right[j], right[j + 1] - apart(j, j + 1));
      for (let j = 0; j < n; j++) layer[j].cx = (left[j] + right[j]) / 2;
    }
  }

  let least = Infinity, most = -Infinity, y = 0, gap = 0;
  const narrow = (layer) => !layer || layer.every((item) => item.port || item.bend);
  for (const [i, layer] of layers.entries()) {
    let height = 0;
    for (const item of layer) {
      least = Math.min(least, item.cx - item.w / 2);
      most = Math.max(most, item.cx + item.w / 2);
      height = Math.max(height, item.h);
    }
    // What comes from outside stands close to its use, everything else in the middle.
    for (const item of layer) item.y = y + (height - item.h) * (item.input && y > 0 ? 1 : 0.5);
    gap = narrow(layer) || narrow(layers[i + 1]) ? GAP.port : GAP.y;
    y += height + gap;
  }
  for (const layer of layers) for (const item of layer) item.x = item.cx - item.w / 2 - least;
  for (const [key, chain] of bends) bends.set(key, chain.map((bend) => ({ x: bend.x + bend.w / 2, y: bend.y })));
  return { w: layers.length ? most - least : 0, h: Math.max(0, y - gap), bends };
}
