// Mouse, keys, and the start.

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
$('phase').onchange = () => { state.phase = $('phase').value; makeScale(); showLegend(); begin(); };
$('search').oninput = () => { next = 0; search(); };
$('fit').onclick = fit;
$('fold').onclick = () => foldAll(true);
$('unfold').onclick = () => foldAll(false);
let begun = false; // a frame of a notebook has no size at first
new ResizeObserver(() => { if (!begun && canvas.clientWidth) { begun = true; begin(); } draw(); }).observe(canvas);
layout();
begin();
darkness.addEventListener('change', () => { theme(); showLegend(); draw(); });

// For tests and for the console.
window.viewer = {
  state,
  visible: () => nodes.map((node) => node.box ? `[${node.path.join('/')}]` : node.name),
  selected: () => state.selected && (state.selected.box ? state.selected.path.join('/') : state.selected.id),
  matches: () => matches.size,
  colours: () => nodes.map((node) => node.input ? null : colour(node, 'forward')),
  place: (id) => { const item = [...nodes, ...open].find((node) => node.id === id), box = canvas.getBoundingClientRect(), v = state.view; return [box.left + v.x + (item.ax + item.w / 2) * v.k, box.top + v.y + (item.ay + Math.min(item.h, 20) / 2) * v.k]; },
  overlaps: () => { let n = 0; const byY = nodes.slice().sort((a, b) => a.ay - b.ay); byY.forEach((a, i) => { for (let j = i + 1; j < byY.length && byY[j].ay < a.ay + a.h; j++) { const b = byY[j]; if (a.ax < b.ax + b.w && b.ax < a.ax + a.w) n++; } }); return n; },
  hidden: () => edges.filter((edge) => edge.points.slice(1, -1).some((p) => nodes.some((node) => p.x > node.ax && p.x < node.ax + node.w && p.y > node.ay && p.y < node.ay + node.h))).length,
  time: () => { paint(); const start = performance.now(); for (let i = 0; i < 10; i++) { state.view.x += 1; paint(); } pen.getImageData(0, 0, 1, 1); return (performance.now() - start) / 10; },
  layoutTime: () => { const start = performance.now(); layout(); return performance.now() - start; },
};
