import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { directConnections, directWatch } from '../../../sidecar/signals/connections.ts'

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const TAIL = '00000000:00000000 00:00000000 00000000  1000        0 39170 1 0000000000000000 20 4 0'
const MAPPED = '0000000000000000FFFF0000'

/** A line as the kernel writes it; 1F90 is 8080, 0400580A is 10.88.0.4, 0100007F is 127.0.0.1. */
const line = (own: string, other: string, state = '01'): string =>
  `   0: ${own} ${other} ${state} ${TAIL}`

function count(lines: string[], port = 8080): number {
  const counted = directConnections(port)
  for (const each of lines) counted.add(each)
  return counted.value()
}

test('what comes to the port from elsewhere counts, by IPv4, IPv6 and IPv4 in IPv6', t => {
  const other = 'B80D0120000000000000000002000000:C350'
  const own6 = 'B80D0120000000000000000001000000:1F90'
  t.is(count([line('0400580A:1F90', '0500580A:C350')]), 1)
  t.is(count([line(own6, other)]), 1)
  t.is(count([line(`${MAPPED}0400580A:1F90`, `${MAPPED}0500580A:C350`)]), 1)
})

test('loopback, other ports, other states and the way out do not', t => {
  t.is(count([line('0100007F:1F90', '0100007F:C350'), line('0100007F:1F90', '0200017F:C350')]), 0)
  const mapped = line(`${MAPPED}0100007F:1F90`, `${MAPPED}0100007F:C350`)
  const six = '00000000000000000000000001000000'
  t.is(count([mapped, line(`${six}:1F90`, `${six}:C350`)]), 0)
  t.is(count([line('0400580A:1F91', '0500580A:C350'), line('0400580A:C350', '0500580A:1F90')]), 0)
  const states = ['02', '03', '06', '08', '0A']
  t.is(count(states.map(state => line('0400580A:1F90', '0500580A:C350', state))), 0)
  t.is(count([line('0400580A:0050', '0500580A:C350')], 80), 1)
  // Not 127.0.0.0/8, though there is a 127 in it.
  t.is(count([line('0400580A:1F90', '7F00580A:C350')]), 1)
})

test('lines that are none count as none', t => {
  const wrong = [HEAD, '', '0: 0400580A:1F90', line('0400580A:1F90', 'xyz:C350'), '\0\0\0']
  t.is(count([...wrong, line('0400580A:1F90', '0500580A')]), 0)
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), lines => {
      const found = count(lines)
      return found >= 0 && found <= lines.length
    }),
  )
})

function proc(t: ExecutionContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'outrigger-connections-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'proc/self/net'), { recursive: true })
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(root, 'proc/self/net', name), text)
  return root
}

const ONE = line('0400580A:1F90', '0500580A:C350')

test('each five seconds both lists are read; an old look is none', async t => {
  const root = proc(t, { tcp: `${HEAD}\n${ONE}\n` })
  const watch = directWatch({ port: 8080, root })
  t.is(watch.last(0), null)
  await watch.tick(0, false)
  t.is(watch.last(0), 1)
  writeFileSync(join(root, 'proc/self/net/tcp6'), `${HEAD}\n${ONE}\n${ONE}\n`)
  await watch.tick(4000, false)
  t.is(watch.last(4000), 1)
  await watch.tick(5000, false)
  t.is(watch.last(5000), 3)
  t.is(watch.last(335_000), 3)
  t.is(watch.last(335_001), null)
})

test('while there are none the lists are read each minute', async t => {
  const root = proc(t, { tcp: `${HEAD}\n` })
  const watch = directWatch({ port: 8080, root })
  await watch.tick(0, false)
  t.is(watch.last(0), 0)
  writeFileSync(join(root, 'proc/self/net/tcp'), `${HEAD}\n${ONE}\n`)
  await watch.tick(59_000, false)
  t.is(watch.last(59_000), 0)
  await watch.tick(60_000, false)
  t.is(watch.last(60_000), 1)
  writeFileSync(join(root, 'proc/self/net/tcp'), `${HEAD}\n`)
  await watch.tick(65_000, false)
  t.is(watch.last(65_000), 0)
})

test('while there are none and nobody uses the model each five minutes, until somebody does', async t => {
  const root = proc(t, { tcp: `${HEAD}\n` })
  const watch = directWatch({ port: 8080, root })
  await watch.tick(0, true)
  writeFileSync(join(root, 'proc/self/net/tcp'), `${HEAD}\n${ONE}\n`)
  await watch.tick(299_000, true)
  t.is(watch.last(299_000), 0)
  await watch.tick(299_500, false)
  t.is(watch.last(299_500), 1)
  writeFileSync(join(root, 'proc/self/net/tcp'), `${HEAD}\n`)
  await watch.tick(304_500, true)
  t.is(watch.last(304_500), 0, 'where there are some, as ever')
  writeFileSync(join(root, 'proc/self/net/tcp'), `${HEAD}\n${ONE}\n`)
  await watch.tick(604_500, true)
  t.is(watch.last(604_500), 1)
})

test('without the lists nothing is known, and nothing throws', async t => {
  const watch = directWatch({ port: 8080, root: proc(t, {}) })
  await watch.tick(0, false)
  t.is(watch.last(0), null)
})

test('of a huge list the beginning is read, whole lines over the ends of what is read at once', async t => {
  const lines = Array.from({ length: 200_000 }, () => ONE).join('\n')
  const watch = directWatch({ port: 8080, root: proc(t, { tcp: `${HEAD}\n${lines}\n` }) })
  await watch.tick(0, false)
  const expected = Math.floor((1024 * 1024) / (ONE.length + 1))
  t.true(Math.abs((watch.last(0) ?? 0) - expected) < 500, `${watch.last(0)} of ${expected}`)
})

test('a list without lines is read to its bound and counts none', async t => {
  const root = proc(t, { tcp: 'x'.repeat(3_000_000), tcp6: '\n'.repeat(3_000_000) })
  const watch = directWatch({ port: 8080, root })
  await watch.tick(0, false)
  t.is(watch.last(0), 0)
})
