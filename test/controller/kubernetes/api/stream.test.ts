import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { Access } from '../../../../controller/kubernetes/api/access.ts'
import { openAnswer } from '../../../../controller/kubernetes/api/stream.ts'

async function setUp(
  t: ExecutionContext,
  answer: RequestListener,
): Promise<Access & { tries: number }> {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const access = {
    tries: 0,
    reach: () => {
      access.tries++
      const headers = { authorization: `Bearer ${access.tries}` }
      return Promise.resolve({ server: url, options: {}, headers })
    },
    refused: () => access.tries < 2,
  }
  return access
}

const question = { method: 'GET', path: '/x?y=1', query: {}, accept: '*/*' }

test('an answer is read while it comes, with the headers that were given', async t => {
  const access = await setUp(t, ({ url, headers }, response) => {
    // It never ends.
    response.write(`${url} ${headers['x-mine']?.toString()} ${headers.authorization}`)
  })
  const answer = await openAnswer(access, { ...question, headers: { 'x-mine': 'a' } }, 5000)
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    t.is(chunk.toString(), '/x?y=1 a Bearer 1')
    break
  }
})

test('whoever is not known any more asks once again with newer credentials', async t => {
  const access = await setUp(t, (_, response) => void response.writeHead(401).end())
  const answer = await openAnswer(access, question, 5000)
  t.is(answer.statusCode, 401)
  t.is(access.tries, 2)
})

test('silence is an error in words', async t => {
  const access = await setUp(t, () => undefined)
  await t.throwsAsync(openAnswer(access, question, 20), { message: 'no answer within 20 ms' })
})
