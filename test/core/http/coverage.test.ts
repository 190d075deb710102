import { readFileSync } from 'node:fs'
import test from 'ava'
import { startCoverage } from './fuzz/coverage.ts'
import { differences, type Case } from './fuzz/fuzzer.ts'
import { guided, read } from './fuzz/guided.ts'
import { rows } from './rows.ts'

/** What `main.ts --guided` found: streams that together make the parser go wherever any did. */
const corpus = JSON.parse(
  readFileSync(new URL('fuzz/guided.json', import.meta.url), 'utf8'),
) as Case[]
/** docs/http.md has those that are too long to be found by chance. */
const written = rows().map(({ section, bytes }): Case => {
  const kind = section.startsWith('Requests') ? 'request' : 'answer'
  return { kind, toHead: false, stream: bytes }
})
const coverage = startCoverage()
/** For the type checker alone: an index that is out of bounds, of which there is none. */
const NEVER = /^(\?\? (0|\[\])|\?\? '')$/

test('the corpus is read alike by all, and leaves no block of the parser out', t => {
  t.true(corpus.length > 100, String(corpus.length))
  t.deepEqual(corpus.flatMap(differences), [])
  coverage.take()
  for (const one of [...corpus, ...written]) read(one)
  const idle = coverage
    .idle()
    .map(textOf)
    .filter(text => !NEVER.test(text))
  t.deepEqual(idle, [])
})

/** The code of a block, from "FILE:FROM-TO". */
function textOf(block: string): string {
  const [, file = '', from, to] = /^(.*):(\d+)-(\d+)$/.exec(block) ?? []
  const source = readFileSync(new URL(`../../../core/http/${file}`, import.meta.url), 'utf8')
  return source.slice(Number(from), Number(to)).trim()
}

test('what goes somewhere new is kept, as short as it can be; the rest is not', t => {
  const long = 'GET /a HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: 2\r\n\r\n'
  const start: Case[] = [
    { kind: 'request', toHead: false, stream: long },
    { kind: 'request', toHead: false, stream: `${long}${long}` },
    { kind: 'request', toHead: false, stream: long.replace('/a', '/b') },
  ]
  let left = 20
  const run = guided(coverage, 1, start, () => left-- > 0)
  t.deepEqual(run.differences, [])
  t.is(run.cases, 20 + start.length)
  t.true(run.features > 200, String(run.features))
  t.false(run.corpus.some(({ stream }) => stream === long.replace('/a', '/b')))
  t.true(run.corpus.length < run.cases / 2)
})
