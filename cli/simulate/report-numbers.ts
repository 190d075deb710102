import type { Played, Seconds } from '../../simulate/result.ts'
import { h, type Markup } from './markup.ts'
import { ticksOf } from './svg.ts'
import { number, span } from './words.ts'

/** The time lines of a run as a table, for whom the pictures say nothing. */
const columns: readonly { head: string; of: keyof Seconds; mean?: boolean }[] = [
  { head: 'Offered/s', of: 'offered', mean: true },
  { head: 'Desired', of: 'desired' },
  { head: 'Ready', of: 'ready' },
  { head: 'Limit', of: 'limit' },
  { head: 'Waiting', of: 'waiting' },
  { head: 'Bad/s', of: 'bad', mean: true },
]

const MOST_ROWS = 30

export function numbersOf({ seconds }: Played, name: string): Markup {
  const length = seconds.offered.length
  const starts = ticksOf(length, MOST_ROWS).filter(from => from < length)
  const rows = starts.map((from, i) => {
    const cells = columns.map(({ of, mean }) => {
      const values = seconds[of].slice(from, starts[i + 1] ?? length)
      const sum = values.reduce((total, value) => total + value, 0)
      return h('td', {}, number(mean === true ? sum / values.length : Math.max(0, ...values)))
    })
    return h('tr', {}, h('th', { scope: 'row' }, span(from)), cells)
  })
  const heads = ['From', ...columns.map(({ head }) => head)]
  const caption = `${name}: requests a second are means, the rest is the most of each time.`
  return h(
    'details',
    {},
    h('summary', {}, 'The same in numbers'),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${name} in numbers` },
      h(
        'table',
        {},
        h('caption', {}, caption),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            heads.map(head => h('th', { scope: 'col' }, head)),
          ),
        ),
        h('tbody', {}, rows),
      ),
    ),
  )
}
