// The look of a report: the workbench's own colours, light and dark, and on paper. Nothing is fetched from anywhere.

export const style = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f7f5, #131614);
  --panel: light-dark(#ffffff, #1a1e1b);
  --line: light-dark(#dde1da, #2f3631);
  --ink: light-dark(#1a211c, #e8ece8);
  --quiet: light-dark(#566058, #a3aea5);
  --leaf: light-dark(#24693d, #86cf9d);
  --leaf-tint: light-dark(#e6f1e9, #1f3226);
  --bad: light-dark(#b35806, #f39a4d);
  --sea: light-dark(#2166ac, #6aaeea);
  font: 14px / 1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif;
  font-variant-numeric: tabular-nums;
  color: var(--ink);
  background: var(--paper);
}
* { box-sizing: border-box; }
body { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
h1, h2, h3, p, summary, figcaption, td.left { overflow-wrap: anywhere; }
h1 { font-size: 23px; line-height: 1.25; margin: 0 0 4px; font-weight: 620; }
h2 { font-size: 18px; margin: 34px 0 8px; font-weight: 620; }
h3 { font-size: 14px; margin: 18px 0 6px; font-weight: 620; }
p { margin: 4px 0 8px; max-width: 110ch; }
.quiet { color: var(--quiet); }
.notice { border-left: 3px solid var(--bad); padding-left: 10px; }
.panel {
  background: var(--panel);
  border: 1px solid var(--line);
  border-radius: 6px;
  padding: 14px 16px;
  margin: 10px 0;
  overflow-x: auto;
}
table { border-collapse: collapse; }
th, td { padding: 4px 12px; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { max-width: 190px; font-weight: 550; color: var(--quiet); vertical-align: bottom; }
tbody tr:last-child td, tfoot tr:last-child td { border-bottom: 0; }
tfoot td { font-weight: 620; }
td .quiet, .small, .chance { font-size: 12px; white-space: nowrap; }
.left { text-align: left; }
.across { display: flex; flex-wrap: wrap; gap: 28px; align-items: flex-start; }
.across > * { min-width: 0; }
.scroll { overflow: auto; max-width: 100%; }
details { margin: 10px 0; }
summary { cursor: pointer; font-weight: 550; }
.gallery {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(112px, 1fr));
  gap: 14px 12px;
  margin-top: 10px;
}
.gallery figure { margin: 0; font-size: 12px; line-height: 1.35; }
.gallery img {
  width: 96px;
  height: 96px;
  object-fit: contain;
  image-rendering: pixelated;
  display: block;
  border: 1px solid var(--line);
  border-radius: 4px;
  margin-bottom: 4px;
}
.gallery .said { color: var(--bad); }
svg text { font-size: 11px; fill: var(--quiet); }
svg .frame { fill: none; stroke: var(--line); }
svg .right { fill: var(--leaf); }
svg .wrong { fill: var(--bad); }
svg .bar { fill: var(--sea); }
svg .mean { stroke: var(--bad); stroke-width: 2; }
svg .equal { stroke: var(--quiet); stroke-dasharray: 4 3; }
code { font: 12px ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
@media print { :root { color-scheme: light; } body { max-width: none; padding: 0; } .panel { break-inside: avoid; } }
`
