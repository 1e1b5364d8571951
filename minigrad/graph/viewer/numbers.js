'use strict';
// How numbers are written and folded.

const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const DARK_INK = '#1f2328'; // on light colours, in both themes
let INK, GREY, BLUE, RED, EDGE, PAPER, SHADE, BLANK, INPUT;
const darkness = window.matchMedia('(prefers-color-scheme: dark)');
function theme() { // the colours of the picture; those of the page are in style.css
  [INK, GREY, BLUE, RED, EDGE, PAPER, SHADE, BLANK, INPUT] = darkness.matches
    ? ['#e6edf3', '#9198a1', '#58a6ff', '#ff7b72', '#656c76', '#0d1117', '#161b22', '#212830', '#0c2d4a']
    : ['#1f2328', '#57606a', '#0550ae', '#cf222e', '#8c959f', '#ffffff', '#f6f8fa', '#ffffff', '#ddf4ff'];
}
theme();
const FAMILY = 'system-ui, "Helvetica Neue", Arial, "Noto Sans CJK JP", "Hiragino Sans", Meiryo, sans-serif';
const FONT = `12px ${FAMILY}`, BOLD = `600 12px ${FAMILY}`;
const LINE = 15, APART = 90;

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
