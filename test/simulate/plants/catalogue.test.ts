import test from 'ava'
import { check, sentence } from '../../../core/model/schema.ts'
import { alone, capacity, mixOf } from '../../../simulate/plants/capacity.ts'
import { catalogue, type Setting } from '../../../simulate/plants/catalogue.ts'
import { readPlant } from '../../../simulate/plants/spec.ts'
import { rateOf } from '../../../simulate/traffic/rates.ts'
import { trafficSpec } from '../../../simulate/traffic/spec.ts'
import { us } from '../../../simulate/words.ts'
import { closedLoop } from './drive.ts'
import { replica } from './plant.ts'

const rows: [string, Setting][] = Object.entries(catalogue)
const mix = ({ plant, traffic }: Setting) => mixOf(plant.classes ?? [1], traffic.classes ?? [1])
const load = ({ traffic }: Setting): number => rateOf(traffic)(0)

test('each plant and its traffic are well written', t => {
  for (const [name, { plant, traffic, objective }] of rows) {
    for (const checked of [readPlant(plant), check(trafficSpec, traffic)])
      t.deepEqual(checked.ok ? [] : checked.issues.map(sentence), [], name)
    t.true(us(objective) > 0, name)
    t.is(plant.classes?.length ?? 1, traffic.classes?.length ?? 1, name)
  }
})

test('CPU is shown where it says so', t => {
  for (const [name, { plant, cpu }] of rows) t.is(replica(plant).measure(0).cpu !== null, cpu, name)
})

test('clients send 1.3 times what the best limit carries, but where it says otherwise', t => {
  const others: Record<string, number> = { 'llm-calm': 0.75, 'llm-full': 1.5, quiet: 0.004 }
  // Of the slow one in ten a third is left.
  const slower: Record<string, number> = { 'slow-replica': 0.9 + 0.1 / 3 }
  for (const [name, row] of rows) {
    const { perSecond } = capacity(row.plant, mix(row).mean)
    const share = load(row) / (perSecond * (slower[name] ?? 1))
    t.true(Math.abs(share / (others[name] ?? 1.3) - 1) < 0.02, `${name}: ${share}`)
  }
})

test('what a plant carries by arithmetic is what it carries with as many in flight', t => {
  for (const [name, { plant }] of rows) {
    // One class, and nothing that befalls it.
    const { perSecond, inFlight } = capacity({ model: plant.model })
    const measured = closedLoop(replica({ model: plant.model }), Math.ceil(inFlight), 240e6)
    const drifts = plant.model.kind === 'cores' && typeof plant.model.cores !== 'number'
    if (!drifts) t.true(Math.abs(measured / perSecond - 1) < 0.12, `${name}: ${measured}`)
  }
})

test('an objective leaves room for a request that is alone', t => {
  for (const [name, row] of rows)
    t.true(alone(row.plant.model, mix(row)).us * 1.5 < us(row.objective), name)
})
