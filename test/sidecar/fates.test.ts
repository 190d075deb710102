import test from 'ava'
import type { Row } from '../core/http/rows.ts'
import { recorder, sidecar } from './support.ts'
import { answers, modelOf, walkAnswer, walkRequests } from './walk.ts'

/** docs/http.md, row by row, against a real sidecar and a real model. */
test('requests: what is refused is answered once and ends there, all else is one request at the model', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address)
  await walkRequests(t, traffic, origin, (got, urls, what) => {
    // What follows is no HTTP/2.
    t.deepEqual([got, urls], [[], []], what)
  })
})

test('answers: passed on with their status, or 502', async t => {
  let row = answers[0] as Row
  const { traffic } = await sidecar(t, await modelOf(t, 'GET', () => row))
  for (row of answers) await walkAnswer(t, traffic, 'GET', row)
})
