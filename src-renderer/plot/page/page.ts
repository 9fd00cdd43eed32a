// A report as one page of HTML that needs nothing else: it may be mailed, holds no script and fetches nothing. Colours
// are the window's own, light and dark; every text is escaped (contract/markup.ts), whatever a run or a file is called.
import { type Html, html, verbatim } from '../../../src-main/contract/markup.ts'
import { type Scene, svgOf } from '../picture/shapes.ts'

/** The value of a variable of theme.css in a light and in a dark window. */
export type ColourIn = (scheme: 'light' | 'dark', name: string) => string

const names = [
  ...['paper', 'panel', 'sunken', 'line', 'edge', 'ink', 'quiet', 'leaf', 'leaf-tint', 'bad'],
  ...Array.from({ length: 7 }, (_, i) => `iteration-${i}`),
]

const look = `
* { box-sizing: border-box; }
body { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; color: var(--ink); background: var(--paper); font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif; font-variant-numeric: tabular-nums; }
h1, h2, p, td, th, dd, figcaption { overflow-wrap: anywhere; }
h1 { font-size: 23px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 30px 0 8px; }
p { margin: 4px 0 8px; max-width: 110ch; }
.quiet, figcaption { color: var(--quiet); }
.lead { font-size: 16px; font-weight: 600; }
.notice { border-left: 3px solid var(--bad); padding-left: 10px; }
.panel, figure { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 14px 16px; margin: 10px 0; overflow-x: auto; }
figure h3 { font-size: 14px; margin: 0 0 8px; }
table { border-collapse: collapse; }
th, td { padding: 4px 12px; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child, .left { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
thead th { color: var(--quiet); font-weight: 550; }
tfoot td, tfoot th { font-weight: 620; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 16px; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; }
summary { cursor: pointer; font-weight: 550; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
code, pre { font: 12px/1.5 ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
svg { max-width: 100%; height: auto; }
@media print { :root { color-scheme: light; } body { max-width: none; padding: 0; } .panel, figure { break-inside: avoid; } }
`

export function pageHtml(title: string, body: Html | readonly (Html | false | null)[], colour: ColourIn): string {
  const variables = names.map((name) => `--${name}: light-dark(${colour('light', name)}, ${colour('dark', name)});`)
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<style>:root { color-scheme: light dark; ${verbatim(variables.join(' '))} }${verbatim(look)}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`.text
}

/** A drawing with its name and its sentence. */
export function drawn(title: string, sentence: string, scene: Scene): Html {
  return html`<figure><h3>${title}</h3>${svgOf(scene, (name) => `var(--${name})`, `${title}. ${sentence}`)}<figcaption>${sentence}</figcaption></figure>`
}

type Cell = string | number | Html | null

/** Columns beginning with "<" are to the left. */
export function tableHtml(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  foot: readonly (readonly Cell[])[] = [],
): Html {
  const isLeft = (i: number): boolean => columns[i]?.startsWith('<') ?? false
  const line = (row: readonly Cell[]): Html =>
    html`<tr>${row.map((cell, i) => html`<td${isLeft(i) ? html` class="left"` : ''}>${cell}</td>`)}</tr>`
  return html`<div class="panel"><table><thead><tr>${columns.map((column, i) => html`<th${isLeft(i) ? html` class="left"` : ''}>${column.replace(/^</, '')}</th>`)}</tr></thead><tbody>${rows.map(line)}</tbody>${
    foot.length > 0 && html`<tfoot>${foot.map(line)}</tfoot>`
  }</table></div>`
}

export function factsHtml(facts: readonly (readonly [string, string | number | null])[]): Html {
  const known = facts.filter(([, value]) => value !== null && value !== '')
  return html`<div class="panel"><dl>${known.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></div>`
}

/** Folded, as text to be copied. */
export function jsonHtml(title: string, value: unknown): Html {
  return html`<details class="panel"><summary>${title}</summary><pre>${JSON.stringify(value, null, 2)}</pre></details>`
}
