import test from 'ava'
import { Tables } from '../../controller/edges.ts'
import type { Platform, PlatformReplica } from '../../core/model/tables.ts'

const facts = { limit: 4, queueUs: 1, holdUs: 1, growing: false, objectiveUs: null, maxReplicas: 2 }
const pass = { key: '', keySignature: '', pass: '', signature: '' }

function replica(name: string, changed: Partial<PlatformReplica>): PlatformReplica {
  return {
    replica: name,
    revision: 'r1',
    state: 'ready',
    address: '10.0.0.1:15080',
    admin: '10.0.0.1:15021',
    started: 0,
    ready: 0,
    restarts: 0,
    why: null,
    ...changed,
  }
}

function platform(port: number, replicas: PlatformReplica[]): Platform {
  const endpoint = { endpoint: 'a/x', revision: 'r1', port, desired: 2, replicas }
  return { v: 1, boot: 'b', version: 1, aggregator: 'h:1', edges: [], endpoints: [endpoint] }
}

function tables(): Tables {
  const keyring = { pass: () => pass as never, keep: () => undefined }
  return new Tables(keyring, () => facts, 100)
}

test('edges are told of replicas with an address, and of endpoints with an edge port', t => {
  const rows = [
    replica('a', {}),
    replica('b', { state: 'starting', address: null, admin: null }),
    replica('c', { state: 'failed' }),
  ]
  const table = tables().table(platform(20_000, rows), null)
  t.deepEqual(
    table?.endpoints[0]?.replicas.map(row => row.replica),
    ['a'],
  )
  t.deepEqual(tables().table(platform(0, rows), null)?.endpoints, [])
})
