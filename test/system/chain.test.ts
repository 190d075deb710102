import test from 'ava'
import { cases } from '../sidecar/chain/cases.ts'
import { pass } from '../sidecar/chain/chain.ts'
import { node, proxy } from '../sidecar/chain/origins.ts'

/** Thousands of hostile streams through a real sidecar to other people's servers: none reads more or less than we meant. */
const streams = cases(3000, 20_261_127)

for (const name of ['llhttp', 'nginx', 'haproxy'] as const) {
  test.serial(
    `${name} behind a sidecar reads each request as it was meant, or refuses it`,
    async t => {
      const origin = await (name === 'llhttp' ? node(t) : proxy(t, name))
      const { differences, ...figures } = await pass(t, streams, origin)
      t.log(JSON.stringify(figures))
      t.deepEqual(differences, [])
      t.true(figures.streams > 3000 && figures.understood > 2000)
    },
  )
}

test.serial('so does nginx behind the compat carrier alone', async t => {
  const { differences, ...figures } = await pass(t, streams, await proxy(t, 'nginx'), 'compat')
  t.log(JSON.stringify(figures))
  t.deepEqual(differences, [])
  t.true(figures.understood > 400)
})
