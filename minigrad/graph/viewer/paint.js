// Drawing, on a canvas: two thousand nodes are no work for it.

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
  pen.fillStyle = PAPER;
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
    pen.fillStyle = box.path.length % 2 ? PAPER : SHADE;
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
      const hot = edge.hot && marksPath && !scale.marks;
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
  const fill = node.input ? INPUT : absent ? BLANK : colour(node, column);
  const dim = state.query && !matches.has(node);
  pen.globalAlpha = dim ? 0.45 : 1;
  roundRect(node.ax, node.ay, node.w, node.h, node.input ? node.h / 2 : 6);
  pen.fillStyle = fill;
  pen.fill();
  const bad = !absent && node.calls.some((call) => call.nan || call.gradient_nan);
  const hot = marksPath && !scale.marks && node.calls.some((call) => critical.has(call.id));
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
