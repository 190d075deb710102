import type { Markup } from './markup.ts'

/** The report's style sheet: colours and faces of the live page (dashboards/explorer/style.css). */
const light = `
  --back: #f5f6f8; --card: #ffffff; --text: #1a2230; --muted: #5a6678; --line: #e2e6ec; --hover: #f0f4fa;
  --link: #1d55b5; --blue: #2563c9; --green: #0d8a66; --red: #c8371c; --orange: #b96410; --purple: #8449b5;`
const dark = `
  --back: #0f141b; --card: #171e28; --text: #e4e9f1; --muted: #98a5b8; --line: #283241; --hover: #1e2836;
  --link: #84b1ff; --blue: #6ea2ff; --green: #3ec79c; --red: #ff8066; --orange: #f2a65a; --purple: #c49bf0;`

const page = `
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; background: var(--back); color: var(--text); font-variant-numeric: tabular-nums;
  overflow-wrap: break-word;
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
}
header, main { max-width: 1640px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 16px; }
main { padding-bottom: 48px; }
h1 { margin: 4px 0 0; font-size: 26px; line-height: 1.25; }
h2 { margin: 36px 0 0; font-size: 20px; }
h3 { margin: 0; font-size: 15px; }
p { margin: 4px 0 10px; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 0 0; padding: 0; list-style: none; }
pre {
  margin: 6px 0; padding: 8px 12px; overflow-x: auto; border-radius: 6px; background: var(--hover);
  font-size: 13px;
}
summary { width: fit-content; margin-top: 6px; color: var(--muted); cursor: pointer; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 8px 0; }
dt { font-weight: 600; }
dd { margin: 0; }
.hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.muted { color: var(--muted); }
.note { font-size: 13px; }
.bad { color: var(--red); }
.card { border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.expected { margin: 12px 0; padding: 12px 16px; }
.expected ul { margin: 4px 0 0; padding-left: 18px; }`

const tables = `
.scroll { position: relative; overflow-x: auto; }
table { border-collapse: collapse; }
table.figures { width: 100%; }
caption { padding: 4px 0; color: var(--muted); font-size: 13px; text-align: left; }
th, td { padding: 8px 10px; text-align: right; vertical-align: top; white-space: nowrap; }
thead th { color: var(--muted); font-size: 13px; font-weight: 500; }
tbody tr { border-top: 1px solid var(--line); }
tbody tr:hover { background: var(--hover); }
th:first-child { position: sticky; left: 0; background: var(--card); text-align: left; }
.figures th:nth-child(2), .word { text-align: left; }
tbody th { font-weight: 500; }
.ours th, .ours td { font-weight: 650; }
.spread { display: block; color: var(--muted); font-size: 13px; font-weight: 400; }
details th, details td { padding: 3px 10px; }`

const lines = `
.lines { padding: 12px 16px; }
.run { margin-top: 20px; padding-top: 14px; border-top: 1px solid var(--line); }
.lane { margin: 0 0 8px; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 14px; font-size: 13px; }
figcaption b { font-weight: 600; }
.key { display: inline-flex; align-items: center; gap: 5px; color: var(--muted); }
.key::before { width: 16px; border-top: 2px solid var(--ink); content: ''; }
.key.dash::before { border-top-style: dashed; }
.most { margin-left: auto; color: var(--muted); }
.plot { display: grid; grid-template-columns: minmax(0, 1fr) 44px; margin-top: 2px; }
.plot svg { display: block; width: 100%; height: 64px; overflow: visible; }
.tall svg { height: 100px; }
.scale {
  display: flex; flex-direction: column; justify-content: space-between; padding-left: 6px;
  color: var(--muted); font-size: 11px; line-height: 1;
}
.axis { position: relative; height: 18px; margin-right: 44px; color: var(--muted); font-size: 11px; }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis span:first-child { transform: none; }
.blue { --ink: var(--blue); }
.green { --ink: var(--green); }
.red { --ink: var(--red); }
.orange { --ink: var(--orange); }
.purple { --ink: var(--purple); }
path { fill: none; vector-effect: non-scaling-stroke; }
.curve { stroke: var(--ink); stroke-width: 1.5; stroke-linejoin: round; }
.curve.dash { stroke-dasharray: 5 4; }
.area { fill: var(--ink); fill-opacity: 0.14; }
.grid { stroke: var(--line); stroke-width: 1; }`

const narrow = `
  header, main { padding-right: 12px; padding-left: 12px; }
  dl { grid-template-columns: 1fr; }
  .lines { padding: 10px 12px; }
  .axis .second { display: none; }`

const sheet = `
:root { color-scheme: light dark;${light} }
@media (prefers-color-scheme: dark) { :root {${dark} } }
${page}${tables}${lines}
@media (max-width: 760px) {${narrow} }
@media print { .run { break-inside: avoid; } }
`

export const style: Markup = { html: `<style>${sheet}</style>` }
