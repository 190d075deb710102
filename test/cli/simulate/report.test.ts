import test from 'ava'
import fc from 'fast-check'
import { report, type About } from '../../../cli/simulate/report.ts'
import { made } from './support/made.ts'
import { elementsOf, type Element } from './support/xml.ts'

const about: About = {
  version: '1.2.3',
  command: 'outrigger simulate step.yaml --policy outrigger,kpa',
  abouts: new Map([['step', 'A step of ten.']]),
  outcomes: [
    {
      scenario: 'step',
      policy: 'outrigger',
      seed: 1,
      what: 'bad: expected 0 to 1, got 2',
      met: false,
    },
    {
      scenario: 'step',
      policy: 'outrigger',
      seed: 1,
      what: 'lost: expected 0 to 1, got 0',
      met: true,
    },
  ],
}
const policies = ['outrigger', 'kpa', 'hpa-cpu']
const played = policies.map(policy => made({ policy }))

function texts(elements: readonly Element[], tag: string): string[] {
  return elements.filter(each => each.tag === tag).map(({ text }) => text)
}

test('every policy has its lanes, the traffic is drawn once, all on one scale', t => {
  const bad = made().seconds.bad.map(count => count * 4)
  const runs = [...played, made({ policy: 'keda', seconds: { bad } })]
  const elements = elementsOf(report(runs, about))
  const pictures = elements.filter(({ tag }) => tag === 'svg')
  const says = pictures.map(({ attributes }) => attributes['aria-label'])
  t.is(says[0], 'Requests a second, all clients: offered from 4 to 40, over 1 min.')
  t.is(pictures.length, 1 + runs.length * 4)
  for (const { policy } of runs) {
    t.deepEqual(
      says.filter(words => words?.includes(`, ${policy}: `)),
      [
        `Replicas, ${policy}: ready from 1 to 10, desired from 1 to 10, over 1 min.`,
        `Limit of a replica, ${policy}: requests in flight from 4 to 4, over 1 min.`,
        `Waiting, ${policy}: requests from 0 to 15, over 1 min.`,
        `Bad requests a second, ${policy}: by when they came from 0 to ${policy === 'keda' ? 80 : 20}, over 1 min.`,
      ],
    )
  }
  const drawn = elements.filter(({ attributes }) => attributes.class === 'curve red')
  t.deepEqual(
    drawn.map(({ attributes }) => attributes.d),
    [...policies.map(() => 'M0 100L29 100L30 80L31 100H60'), 'M0 100L29 100L30 20L31 100H60'],
  )
  const replicas = elements.find(({ attributes }) => attributes.class === 'curve purple dash')
  t.is(replicas?.attributes.d, 'M0 90H30V0H60')
})

test('title, what was run, what was expected, and a table of every policy', t => {
  const page = report(played, about)
  const elements = elementsOf(page)
  t.deepEqual(texts(elements, 'title').slice(0, 1), ['Simulated: step'])
  t.deepEqual(texts(elements, 'code'), [about.command])
  t.regex(
    texts(elements, 'p').join('\n'),
    /Outrigger 1\.2\.3, 3 runs.*\nA step of ten\.\n1 min of virtual time, seed 1\./,
  )
  t.deepEqual(texts(elements, 'li'), [
    ' outrigger, seed 1: bad: expected 0 to 1, got 2',
    ' outrigger, seed 1: lost: expected 0 to 1, got 0',
  ])
  t.deepEqual(texts(elements, 'b').slice(0, 2), ['missed', 'met'])
  const rows = elements.filter(({ tag, attributes }) => tag === 'th' && attributes.scope === 'row')
  t.deepEqual(
    rows.slice(0, 3).map(({ text }) => text),
    policies,
  )
  t.is(texts(elements, 'details').length, 1 + policies.length, 'numbers beside each picture')
})

test('the page loads and runs nothing, and every name it refers to is there once', t => {
  const page = report([...played, made({ scenario: 'ramp' })], about)
  const elements = elementsOf(page)
  t.deepEqual(
    [...new Set(elements.map(({ tag }) => tag))].filter(tag =>
      ['script', 'link', 'img', 'iframe', 'object', 'embed', 'form'].includes(tag),
    ),
    [],
  )
  t.notRegex(page, /url\(|@import|https?:|\bsrc=/)
  const ids = elements.flatMap(({ attributes }) => attributes.id ?? [])
  t.is(new Set(ids).size, ids.length)
  const refers = elements.flatMap(({ attributes: { href, 'aria-labelledby': by } }) => [
    ...(href === undefined ? [] : [href.replace(/^#/, '')]),
    ...(by === undefined ? [] : [by]),
  ])
  t.deepEqual(texts(elements, 'a'), ['step', 'ramp'])
  t.deepEqual(
    refers.filter(id => !ids.includes(id)),
    [],
  )
})

test('what comes from outside stays text, whatever it is', t => {
  const evil = '</style></title><script>alert("1")</script>&amp;\u0000\' onload="x"'
  const page = report([made({ scenario: evil, policy: evil, limiter: evil })], {
    version: evil,
    command: evil,
    abouts: new Map([[evil, evil]]),
    outcomes: [{ scenario: evil, policy: evil, seed: 1, what: evil, met: false }],
  })
  const shown = evil.replace('\u0000', '\ufffd')
  const elements = elementsOf(page)
  t.deepEqual(texts(elements, 'script'), [])
  t.deepEqual(texts(elements, 'h2'), [shown])
  t.deepEqual(texts(elements, 'h3').slice(1), [shown])
  t.true(elements.every(({ attributes }) => attributes.onload === undefined))
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      (scenario, policy) => {
        const names = texts(
          elementsOf(report([made({ scenario, policy, length: 3 })], about)),
          'h2',
        )
        return names.length === 1 && !/\p{Cc}/u.test(names[0]?.replace(/[\t\n\r]/g, '') ?? '')
      },
    ),
    { numRuns: 30 },
  )
})

test('the same runs give the same bytes, and a long run a page that is not much larger', t => {
  t.is(report(played, about), report(structuredClone(played), about))
  const length = 86_400
  const noisy = Array.from({ length }, (_, second) => (second * 7919) % 97)
  const long = made({ length, seconds: { offered: noisy, bad: noisy, waiting: noisy } })
  const page = report([long], about)
  t.true(page.length < 100_000, `${page.length}`)
  t.regex(page, /A point stands for 96 s/)
  t.true(elementsOf(page).some(({ text }) => text === '21 h'))
})

test('with several seeds the first is drawn, and the table has means and spreads', t => {
  const runs = [1, 2, 3].map(seed => made({ seed, totals: { bad: seed * 10 } }))
  const elements = elementsOf(report(runs, about))
  t.is(elements.filter(({ tag }) => tag === 'svg').length, 5)
  t.regex(texts(elements, 'p').join('\n'), /seeds 1 to 3\.[^]*Seed 1 is drawn/)
  t.true(texts(elements, 'td').includes('1.52'))
  t.true(texts(elements, 'span').includes('±0.758'))
})

test('runs of nothing, of one second, and of values that are not there are drawn all the same', t => {
  for (const length of [0, 1, 2])
    t.notThrows(() => elementsOf(report([made({ length })], about)), `${length} s`)
  t.notRegex(report([made({ length: 0 })], about), /NaN|undefined|Infinity/)
})
