import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checks } from '../cli/check/table.ts'
import { exit } from '../cli/exit.ts'
import { annotationTable, type AnnotationRow } from '../controller/kubernetes/annotations.ts'
import { eventReasons } from '../controller/kubernetes/event-reasons.ts'
import { words } from '../controller/kubernetes/inject/words.ts'
import { ports } from '../core/model/ports.ts'
import { reasons } from '../core/model/reasons.ts'
import { settingsTable } from '../core/model/settings.ts'
import { attributes, DECISION_EVENT, signals, type Signal } from '../core/model/signals.ts'
import { worded, type Kind } from '../core/model/units.ts'
import { resultsPage } from './results.ts'

/** The docs that are made from tables in the code, by their path from the root. */
export function generatedDocs(): Record<string, string> {
  return {
    'docs/settings.md': settingsPage(),
    'docs/reasons.md': reasonsPage(),
    'docs/metrics.md': metricsPage(),
    'docs/ports.md': portsPage(),
    'docs/results.md': resultsPage(),
    'docs/injection.md': withSection('docs/injection.md', 'injection answers', answerTable()),
    'docs/kubernetes.md': withSections('docs/kubernetes.md', {
      annotations: annotationRows('people'),
      'own annotations': annotationRows('us'),
      events: eventRows(),
    }),
    'docs/check.md': withSection('docs/check.md', 'checks', checksTable()),
    'docs/cli.md': withSection('docs/cli.md', 'exit codes', exitTable()),
  }
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const code = (text: string): string => `\`${text}\``

interface AnySetting {
  kind: Kind
  default: unknown
  min?: number
  max?: number
  choices?: readonly string[]
  sentence: string
}

function settingsPage(): string {
  const settings = Object.entries<AnySetting>(settingsTable)
  const rows = settings.map(([name, s]) => [
    code(name),
    typeWords[s.kind],
    defaultOf(s),
    boundsOf(s),
    s.sentence,
  ])
  return `# Settings

Nothing has to be set. Each setting is a key under an endpoint's \`settings\` in outrigger.yaml, and each can be
changed while it runs with \`outrigger override\`. A value that is wrong is reported with what was expected;
all errors at once. On Kubernetes the same table is read from annotations (\`outrigger.dev/NAME\`).

${table(['Name', 'Type', 'Default', 'Bounds', 'What it does'], rows)}

Durations carry their unit: \`500ms\`, \`20s\`, \`5m\`, \`1h\`. Shares go from 0 to 1.
`
}

const typeWords: Record<Kind, string> = {
  int: 'integer',
  share: 'share',
  duration: 'duration',
  bool: 'true or false',
  choice: 'choice',
  behavior: '`behavior` block, or its JSON',
}

function defaultOf({ kind, default: value }: AnySetting): string {
  if (typeof value === 'number') return code(worded(kind, value))
  return typeof value === 'string' || typeof value === 'boolean' ? code(String(value)) : 'none'
}

function boundsOf({ kind, min, max, choices }: AnySetting): string {
  if (choices !== undefined) return choices.map(code).join(', ')
  if (min === undefined || max === undefined) return ''
  return `${worded(kind, min)} to ${worded(kind, max)}`
}

function reasonsPage(): string {
  const sections = Object.entries(reasons).map(([name, { sentence, help }]) =>
    [
      `## ${name}`,
      '',
      sentence.replaceAll(/\{(\w+)\}/g, '`{$1}`'),
      ...(help === '' ? [] : ['', help]),
    ].join('\n'),
  )
  return `# Reasons

What a decision may say, all of it. Each decision carries one or more of these codes with its numbers; the
command \`outrigger explain\` and the live page fill the sentence. A number's name ends in its unit: Ms, Us
(microseconds), Permille, Milli (thousandths).

${sections.join('\n\n')}
`
}

function metricsPage(): string {
  const sections = Object.entries(signals).map(([component, metrics]) => {
    const rows = Object.entries<Signal>(metrics).map(([name, s]) => [
      code(name),
      s.kind,
      s.labels.map(code).join(', '),
      s.help,
    ])
    return `## ${component}\n\n${table(['Name', 'Type', 'Labels', 'What it is'], rows)}${bucketsOf(metrics)}`
  })
  const spans = Object.values(attributes).map(name => `- ${code(name)}`)
  return `# Metrics, spans and events

Prometheus text on each component's /metrics (docs/ports.md); those of sidecars and of the aggregator also over
OTLP, by the aggregator, where \`OTEL_EXPORTER_OTLP_ENDPOINT\` is set. Base units: seconds, bytes, ratios from 0 to 1.

${sections.join('\n\n')}

## Attributes of spans and events

A decision is a span with an event named ${code(DECISION_EVENT)}. Attributes of our own; all others are
OpenTelemetry's.

${spans.join('\n')}
`
}

function bucketsOf(metrics: Record<string, Signal>): string {
  const lines = Object.entries(metrics)
    .filter(([, s]) => s.buckets !== undefined)
    .map(([name, s]) => `- ${code(name)}: ${s.buckets?.join(', ')}`)
  return lines.length === 0 ? '' : `\n\nUpper bounds of the buckets:\n\n${lines.join('\n')}`
}

function portsPage(): string {
  const rows = Object.entries(ports).map(([name, p]) => [String(p.port), p.who, name, p.what])
  return `# Ports

Where each listens unless told otherwise. The local platform (\`outrigger up\`) chooses free ports, so that
several can run on one machine. The sidecar listens on IPv4 and IPv6, the others on 127.0.0.1.

${table(['Port', 'Component', 'Name', 'What for'], rows)}
`
}

function exitTable(): string {
  const rows = Object.entries(exit).map(([name, e]) => [String(e.code), name, e.sentence])
  return table(['Code', 'Name', 'Meaning'], rows)
}

function checksTable(): string {
  const rows = Object.entries(checks).map(([name, { when, title, fix }]) => [
    code(name),
    when,
    title,
    fix.replaceAll(/\{(\w+)\}/g, (_, key: string) => key.toUpperCase()),
  ])
  return table(['Check', 'When', 'What is so when all is well', 'Else'], rows)
}

function answerTable(): string {
  const rows = Object.entries(words).map(([name, { level, sentence, help }]) => [
    code(name),
    level,
    sentence,
    help,
  ])
  return table(['Code', 'Kind', 'Sentence', 'What to do, or why'], rows)
}

/** A hand-written page with one part, between two marks, made from a table. */
function annotationRows(by: 'people' | 'us'): string {
  const rows = Object.entries<AnnotationRow>(annotationTable)
    .filter(([, row]) => row.by === by)
    .map(([name, { on, values, sentence }]) => [code(name), on, values, sentence])
  const many = [
    [code('NAME'), 'Deployment', 'as in [settings.md](settings.md)', 'Every setting by its name.'],
    [code('override-NAME'), 'Deployment', 'below', 'Stands in place of a setting for a time.'],
  ]
  return table(['Name', 'On', 'Values', 'What for'], by === 'people' ? [...rows, ...many] : rows)
}

function eventRows(): string {
  const rows = Object.entries(eventReasons).map(([name, { type, on, sentence, help }]) => [
    code(name),
    type,
    on,
    sentence,
    help,
  ])
  return table(['Reason', 'Type', 'On', 'What it says', 'What to do'], rows)
}

function withSections(path: string, sections: Record<string, string>): string {
  return Object.entries(sections).reduce(
    (page, [name, text]) => filled(page, path, name, text),
    pageAt(path),
  )
}

function withSection(path: string, name: string, text: string): string {
  return filled(pageAt(path), path, name, text)
}

function pageAt(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')
}

function filled(page: string, path: string, name: string, text: string): string {
  const [from, to] = [`<!-- ${name}: made by make docs -->`, `<!-- end of ${name} -->`]
  const [before, rest] = page.split(from)
  const after = rest?.split(to)[1]
  if (before === undefined || after === undefined) throw new Error(`${path} lacks ${from} or ${to}`)
  return `${before}${from}\n\n${text}\n\n${to}${after}`
}
