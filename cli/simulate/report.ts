import type { Played } from '../../simulate/result.ts'
import { verdict, type Outcome } from './expect.ts'
import { h, type Markup } from './markup.ts'
import { runName } from './pairs.ts'
import { timeLines, type Told } from './report-lines.ts'
import { glossary, tableIn } from './report-table.ts'
import { byChoice, byScenario, figuresOf, rowsOf } from './rows.ts'
import { style } from './style.ts'
import { secondsPerPoint } from './svg.ts'
import { duration, number, percent, seedsIn, span } from './words.ts'

export interface About {
  version: string
  /** As it was typed. */
  command: string
  /** What a scenario says of itself, by its name. */
  abouts: ReadonlyMap<string, string | null>
  outcomes: readonly Outcome[]
}

/**
 * The report as one file: it loads nothing, runs nothing, and says so to the browser. The same runs give
 * the same bytes.
 */
export function report(played: readonly Played[], about: About): string {
  const scenarios = byScenario(played)
  const names = scenarios.map(([run]) => run?.scenario ?? '')
  const title = `Simulated: ${names.join(', ')}`
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      {},
      h('meta', { charset: 'utf-8' }),
      h('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('title', {}, title),
      style,
    ),
    h(
      'body',
      {},
      h(
        'header',
        {},
        h('h1', {}, 'Simulation'),
        whatRan(played, about),
        glossary(),
        contents(names),
      ),
      h(
        'main',
        {},
        scenarios.map((runs, i) => scenarioIn(runs, i, about)),
      ),
    ),
  )
  return `<!doctype html>\n${page.html}\n`
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

function whatRan(played: readonly Played[], { version, command }: About): Markup {
  return h(
    'div',
    {},
    h(
      'p',
      { class: 'muted' },
      `Outrigger ${version}, ${played.length} ${played.length === 1 ? 'run' : 'runs'} in virtual time. `,
      'The same files, seeds and version give this page again, to the byte.',
    ),
    h('pre', {}, h('code', {}, command)),
  )
}

function contents(names: readonly string[]): Markup | null {
  if (names.length < 2) return null
  const links = names.map((name, i) => h('li', {}, h('a', { href: `#${idOf(i)}` }, name)))
  return h('nav', { 'aria-label': 'Scenarios' }, h('ul', {}, links))
}

function idOf(scenario: number): string {
  return `scenario-${scenario + 1}`
}

function scenarioIn(runs: readonly Played[], i: number, { abouts, outcomes }: About): Markup {
  const [first] = runs
  if (first === undefined) return h('section')
  const about = abouts.get(first.scenario) ?? null
  const length = first.seconds.offered.length
  const rows = rowsOf(runs)
  const seeds = rows[0]?.seeds ?? []
  const each = secondsPerPoint(length)
  const shared =
    each === 1
      ? ''
      : ` A point stands for ${each} s: requests a second are its mean, the rest its most.`
  const drawn = `Seed ${first.seed} is drawn; each lane has the same scale for every policy.${shared}`
  return h(
    'section',
    { id: idOf(i), 'aria-labelledby': `${idOf(i)}-name` },
    h('h2', { id: `${idOf(i)}-name` }, first.scenario),
    about === null ? null : h('p', {}, about),
    h('p', { class: 'muted' }, `${span(length)} of virtual time, ${seedsIn(seeds)}.`),
    tableIn(rows, first.scenario),
    expected(outcomes.filter(({ scenario }) => scenario === first.scenario)),
    h('p', { class: 'muted' }, drawn),
    timeLines(byChoice(runs).flatMap(([run]) => (run === undefined ? [] : told(run)))),
  )
}

function told(run: Played): Told {
  const { bad, replicas, response99 } = figuresOf(run)
  const says = `Bad ${percent(bad)} %, ${number(replicas)} replicas on average, response p99 ${duration(response99)}.`
  return { run, name: runName(run), says }
}

function expected(outcomes: readonly Outcome[]): Markup | null {
  if (outcomes.length === 0) return null
  return h(
    'div',
    { class: 'card expected' },
    h('h3', {}, 'Expected'),
    h(
      'ul',
      {},
      outcomes.map(({ met, policy, seed, what }) =>
        h(
          'li',
          {},
          h('b', met ? {} : { class: 'bad' }, verdict(met)),
          ` ${policy}, seed ${seed}: ${what}`,
        ),
      ),
    ),
  )
}
