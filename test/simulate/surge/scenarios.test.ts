import test from 'ava'
import { statSync } from 'node:fs'
import { seconds } from '../../../simulate/words.ts'
import { carries, heavy, surges } from '../../../simulate/surge/scenarios.ts'
import { rateOf } from '../../../simulate/traffic/rates.ts'
import { DEFAULT, lateUs, ours, scenarioOf, theirs } from '../../../simulate/surge/sweep.ts'
import { readSettings } from '../../../core/model/settings.ts'

test('every scenario can be played, has a name of its own, and the same ceiling and limit for all', t => {
  const names = new Set(surges.map(({ name }) => name))
  t.is(names.size, surges.length)
  t.deepEqual(
    [...heavy].filter(name => !names.has(name)),
    [],
  )
  for (const surge of surges) {
    const { settings, limit, runUs } = scenarioOf(surge)
    t.is(settings['max-replicas'], 60, surge.name)
    t.is(settings['fixed-limit'], limit, surge.name)
    t.true(runUs >= 600e6 && runUs <= 3600e6, surge.name)
  }
})

test('no need comes near the ceiling, none begins in want, and traces are in the repository', t => {
  for (const surge of surges) {
    const { name, traffic, run, replicas } = surge
    if (traffic.trace !== undefined) {
      t.true(statSync(`examples/traces/${traffic.trace.file}`).size > 0)
      continue
    }
    const rate = rateOf(traffic)
    const all = Array.from({ length: seconds(run) }, (_, second) => rate(second))
    t.true(Math.max(...all) < 0.4 * 60 * carries(surge), name)
    t.true((all[0] ?? 0) < replicas * carries(surge), name)
  }
})

test('our curve has the settings that we ship with', t => {
  const { settings } = readSettings({}, '')
  t.is(settings['target-utilization'], Number(DEFAULT) * 1000)
  for (const grain of ['quick', 'full'] as const)
    t.true(ours(grain).some(({ words }) => words === DEFAULT))
})

test('a rival is told its target in its own unit; a fixed count is near the mean that we had', t => {
  const how = { limit: 16, mean: 3.4 }
  t.deepEqual(theirs('keda', 'quick', how)[0], {
    policy: 'keda',
    service: 'random',
    target: 4.8,
    words: '0.3 x limit',
  })
  t.deepEqual(theirs('kpa300', 'quick', how)[0], { policy: 'kpa-300', target: 30, words: '30 %' })
  t.deepEqual(
    theirs('fixed', 'quick', how).map(({ target }) => target),
    [3, 4, 5, 6],
  )
})

test('who brings no proxy is behind kube-proxy and behind two choices, under a name of its own', t => {
  for (const rival of ['hpa', 'hpaConcurrency', 'keda'] as const) {
    const settings = theirs(rival, 'full', { limit: 4, mean: 2 })
    t.is(settings.filter(({ service }) => service === 'two').length, settings.length / 2)
    t.is(new Set(settings.map(({ words }) => words)).size, settings.length)
  }
})

test('onsets of several seeds are spread over the 15 s of an autoscaler, each anywhere in its part', t => {
  const seeds = [1, 2, 3, 4, 5]
  for (const [i, seed] of seeds.entries()) {
    const late = lateUs(seed, seeds) / 1e6
    t.true(late >= 3 * i && late < 3 * i + 3 && late % 1 !== 0, `${late}`)
  }
  t.true(lateUs(1, [1]) < 15e6)
})
