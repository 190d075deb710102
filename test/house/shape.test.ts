import test from 'ava'
import {
  LARGEST_MEDIAN,
  LONGEST_FILE,
  LONGEST_FUNCTION,
  longFiles,
  longFunctions,
  medianLines,
  strayWords,
} from './shape.ts'
import { tree, typescript } from './tree.ts'

const all = tree()
const sources = typescript(all)
const lines = (count: number, line = 'x()'): string => `${line}\n`.repeat(count)
const file = (text: string): { path: string; text: string }[] => [{ path: 'core/a.ts', text }]

test('no file is long, and half of them are short', t => {
  t.deepEqual(longFiles(sources), [])
  t.true(medianLines(sources) <= LARGEST_MEDIAN, `the median is ${medianLines(sources)}`)
})

test('no function is long', t => {
  t.deepEqual(longFunctions(sources.filter(({ path }) => !path.startsWith('test/'))), [])
})

test('no open ends, no paths of a machine, no tests or rules switched off', t => {
  t.deepEqual(strayWords(all.filter(({ path }) => !path.startsWith('test/house/shape'))), [])
})

test('caught: a file that is one line too long', t => {
  t.is(longFiles(file(lines(LONGEST_FILE))).length, 0)
  t.is(longFiles(file(lines(LONGEST_FILE + 1))).length, 1)
})

test('caught: a median that is too large', t => {
  t.true(medianLines([...file(lines(121)), ...file(lines(121)), ...file('x()\n')]) > LARGEST_MEDIAN)
})

test('caught: a function that is one line too long, alone or around a short one', t => {
  const wrapped = (count: number, inner = ''): string =>
    `function f() {\n${lines(count)}${inner}}\n`
  t.is(longFunctions(file(wrapped(LONGEST_FUNCTION - 2))).length, 0)
  t.is(longFunctions(file(wrapped(LONGEST_FUNCTION - 1))).length, 1)
  const short = `const g = () => {\n${lines(20)}}\n`
  t.is(longFunctions(file(wrapped(LONGEST_FUNCTION - 3, short))).length, 0)
  t.is(longFunctions(file(wrapped(LONGEST_FUNCTION - 2, short))).length, 1)
})

const stray: [string, string][] = [
  ['an open end', '// TODO: later'],
  ['another', '/* FIXME */'],
  ['a path of a machine', "const file = '/home/someone/outrigger'"],
  ['a path of a Mac', "const file = '/Users/someone/outrigger'"],
  ['a test that is skipped', "test.skip('x', t => t.pass())"],
  ['a test that shuts out the others', "test.only('x', t => t.pass())"],
  ['a rule switched off without a reason', '// oxlint-disable-next-line no-console'],
  ['a type check switched off', '// @ts-ignore'],
]
for (const [what, text] of stray) {
  test(`caught: ${what}`, t => t.is(strayWords(file(text)).length, 1))
}

test('let pass: words and paths that only look alike', t => {
  t.deepEqual(strayWords(file("fetch(`${host}/home/page`); './work/x'; '/v1/root'; 'todos'")), [])
})
