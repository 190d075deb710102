import test from 'ava'
import { natural, reasons, wordsOf } from '../../../core/model/reasons.ts'

const entries: [string, { sentence: string; help: string }][] = Object.entries(reasons)

test('every sentence can be filled: its names are plain, and nothing is left open', t => {
  for (const [code, { sentence }] of entries) {
    const names = [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    t.false(/[{}]/.test(sentence.replaceAll(/\{\w+\}/g, '')), code)
    for (const name of names) t.regex(name, /^[a-z][A-Za-z]*$/, code)
    const filled = wordsOf(code, Object.fromEntries(names.map(name => [name, 1500])))
    t.false(/[{}]/.test(filled), filled)
  }
})

test('codes are words joined by dashes; sentences are sentences', t => {
  for (const [code, { sentence, help }] of entries) {
    t.regex(code, /^[a-z]+(-[a-z]+)*$/)
    t.regex(sentence, /\.$/, code)
    if (help !== '') t.regex(help, /[.?]$/, code)
  }
})

test('numbers are shown in the unit that their name ends in', t => {
  t.is(natural('coveragePermille', 456), '45.6 %')
  t.is(natural('demandMilli', 12_345), '12.35')
  t.is(natural('waitUs', 1500), '1.5 ms')
  t.is(natural('waitUs', 2_500_000), '2.5 s')
  t.is(natural('windowMs', 300_000), '300 s')
  t.is(natural('windowMs', 250), '250 ms')
  t.is(natural('replicas', 3), '3')
})

test('a number that is missing shows its name; a code of a newer version shows itself', t => {
  t.is(wordsOf('steady', {}), 'Nothing asks for a change: {replicas} replicas are right.')
  t.is(wordsOf('of-tomorrow', { a: 1 }), 'of-tomorrow {"a":1}')
  t.is(wordsOf('constructor', {}), 'constructor {}')
})
