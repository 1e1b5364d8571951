// What stands beside the picture.

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
  element('span', `${scale.capped ? '≥ ' : ''}${write(scale.metric, scale.high)}`, row);
  if (scale.metric.unit === 'seconds') element('div', data.measured, panel).className = 'hint';
  if (critical.size && marksPath) {
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
