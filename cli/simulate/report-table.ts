import { columns, NEAR_ZERO, RATIO, ratioIn, type Column } from './columns.ts'
import { h, type Markup } from './markup.ts'
import { limiterIn } from './pairs.ts'
import { OURS, type Row } from './rows.ts'

/** The table of a scenario, with its spreads below the means. */
export function tableIn(rows: readonly Row[], name: string): Markup {
  const heads = ['Policy', 'Limiter', ...columns.map(({ head }) => head), RATIO.head]
  const starred = rows.some(({ ratio }) => ratio?.nearZero === true)
  const spread = rows.some(row => row.spread !== null)
  return h(
    'div',
    {},
    h(
      'div',
      { class: 'scroll card', tabindex: 0, role: 'region', 'aria-label': `${name}: figures` },
      h(
        'table',
        { class: 'figures' },
        h('caption', { class: 'hidden' }, `${name}: figures of each policy`),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            heads.map(head => h('th', { scope: 'col' }, head)),
          ),
        ),
        h('tbody', {}, rows.map(rowIn)),
      ),
    ),
    spread ? h('p', { class: 'muted note' }, '± is the standard deviation over the seeds.') : null,
    starred ? h('p', { class: 'muted note' }, NEAR_ZERO) : null,
  )
}

function rowIn(row: Row): Markup {
  return h(
    'tr',
    row.policy === OURS ? { class: 'ours' } : {},
    h('th', { scope: 'row' }, row.policy),
    h('td', { class: 'word' }, limiterIn(row)),
    columns.map(column => cell(row, column)),
    h('td', {}, ratioIn(row.ratio)),
  )
}

function cell({ mean, spread }: Row, { of, say }: Column): Markup {
  const around = spread === null ? null : h('span', { class: 'spread' }, `±${say(spread[of])}`)
  return h('td', {}, say(mean[of]), around)
}

export function glossary(): Markup {
  const all = [...columns, RATIO]
  return h(
    'details',
    {},
    h('summary', {}, 'What the columns mean'),
    h(
      'dl',
      {},
      all.map(({ head, means }) => [h('dt', {}, head), h('dd', {}, means)]),
    ),
  )
}
